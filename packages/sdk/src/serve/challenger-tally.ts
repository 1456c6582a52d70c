/** What challengers said against what was answered, counted for the metrics: one sum for each version, whatever the rows. */
import type { ServedChallenger } from './challenged.ts'
import { type ComparedAnswer, comparedAnswers } from './compared-answers.ts'
import type { ServedVersion } from './served-version.ts'

type Rows = readonly { readonly outputs: Readonly<Record<string, unknown>> }[]
type Labels = Readonly<Record<string, string>>
type Values = (readonly [labels: Labels, value: number])[]

interface Moved {
  rows: number
  sum: number
}
const directions = ['above', 'below', 'equal'] as const

interface Tally {
  readonly labels: Labels
  rows: number
  readonly agreed: { true: number; false: number }
  readonly outputs: Map<string, Record<(typeof directions)[number], Moved>>
}

export interface ChallengerTally {
  /** Rows in the same order. */
  add(version: ServedVersion, challenger: ServedChallenger, rows: Rows, own: Rows): void
  /** By the names of the counters, in a fixed order. */
  counted(): readonly (readonly [name: string, help: string, values: Values])[]
}

export function challengerTally(): ChallengerTally {
  // The same version again, compiled anew, goes on in its sum.
  const byLabels = new Map<string, Tally>()
  const known = new WeakMap<ServedChallenger, (rows: Rows, own: Rows) => void>()
  const adder = (version: ServedVersion, challenger: ServedChallenger) => {
    const labels = {
      name: version.served.name,
      version: String(version.record.version),
      challenger: challenger.label,
      challenger_model: challenger.record.name,
      challenger_version: String(challenger.record.version),
    }
    const key = JSON.stringify(labels)
    const tally = byLabels.get(key) ?? { labels, rows: 0, agreed: { true: 0, false: 0 }, outputs: new Map() }
    byLabels.set(key, tally)
    const compare = comparedAnswers(version.record, challenger.record)
    return (rows: Rows, own: Rows) => {
      for (const [i, row] of rows.entries()) count(tally, compare(row.outputs, own[i]?.outputs ?? {}))
    }
  }
  return {
    add(version, challenger, rows, own) {
      const add = known.get(challenger) ?? adder(version, challenger)
      known.set(challenger, add)
      add(rows, own)
    },
    counted() {
      const all = [...byLabels.values()]
      const moved = (of: (m: Moved) => number): Values =>
        all.flatMap(({ labels, outputs }) =>
          [...outputs].flatMap(([output, by]) =>
            directions.map((direction) => [{ ...labels, output, direction }, of(by[direction])] as const),
          ),
        )
      return [
        [
          'viewcast_challenger_predictions_total',
          'Predictions a challenger was scored beside.',
          all.map((t) => [t.labels, t.rows]),
        ],
        [
          'viewcast_challenger_labels_total',
          'Predictions for which both gave a label, by whether it was the same.',
          all.flatMap(({ labels, agreed }) =>
            (['true', 'false'] as const).map((agrees) => [{ ...labels, agrees }, agreed[agrees]] as const),
          ),
        ],
        [
          'viewcast_challenger_scores_total',
          "Predictions for which both gave a number, by whether the challenger's was above the champion's, below or equal.",
          moved((m) => m.rows),
        ],
        [
          'viewcast_challenger_difference_total',
          "How far the challenger's numbers were above the champion's, and below, in sum.",
          moved((m) => m.sum),
        ],
      ]
    },
  }
}

function count(tally: Tally, { agrees, differences }: ComparedAnswer): void {
  tally.rows++
  if (agrees !== undefined) tally.agreed[agrees ? 'true' : 'false']++
  for (const [output, by] of differences) {
    const known = tally.outputs.get(output) ?? {
      above: { rows: 0, sum: 0 },
      below: { rows: 0, sum: 0 },
      equal: { rows: 0, sum: 0 },
    }
    tally.outputs.set(output, known)
    const moved = known[by > 0 ? 'above' : by < 0 ? 'below' : 'equal']
    moved.rows++
    moved.sum += Math.abs(by)
  }
}
