/** Counters of a server in the text format that Prometheus reads. */
import type { ServedChallenger } from './challenged.ts'
import { comparedAnswers } from './compared-answers.ts'
import type { ServedVersion } from './served-version.ts'

/** Seconds; from what one key takes up to what a batch may. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

type Rows = readonly { readonly outputs: Readonly<Record<string, unknown>> }[]

type Labels = Readonly<Record<string, string>>

export interface Gauge {
  readonly name: string
  readonly help: string
  readonly values: readonly (readonly [labels: Labels, value: number])[]
}

export interface Metrics {
  request(route: string, method: string, status: number, seconds: number): void
  predicted(model: string, version: number, rows: number): void
  /** What a challenger said to the questions that were answered with `rows`, in the same order. */
  compared(version: ServedVersion, challenger: ServedChallenger, rows: Rows, own: Rows): void
  /** The challengers of a model were not scored for a request. */
  alone(model: string, reason: 'paused' | 'failed' | 'slow'): void
  failed(code: string): void
  /** @param gauges what is read when it is asked for. */
  text(gauges: readonly Gauge[]): string
}

export function metrics(): Metrics {
  const requests = new Map<string, number>()
  const predictions = new Map<string, number>()
  const errors = new Map<string, number>()
  const beside = new Map<string, number>()
  const agreements = new Map<string, number>()
  const differing = new Map<string, number>()
  const differences = new Map<string, number>()
  const alone = new Map<string, number>()
  const comparing = new WeakMap<ServedVersion, Map<ServedChallenger, ReturnType<typeof comparedAnswers>>>()
  const comparerOf = (version: ServedVersion, challenger: ServedChallenger) => {
    const known = comparing.get(version) ?? new Map()
    comparing.set(version, known)
    const found = known.get(challenger) ?? comparedAnswers(version.record, challenger.record)
    known.set(challenger, found)
    return found
  }
  const durations = new Map<string, { readonly counts: number[]; sum: number; count: number }>()
  const add = (to: Map<string, number>, labels: Labels, by = 1) => {
    const key = labelled(labels)
    to.set(key, (to.get(key) ?? 0) + by)
  }
  return {
    request(route, method, status, seconds) {
      add(requests, { route, method, status: String(status) })
      const key = labelled({ route })
      const one = durations.get(key) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 }
      durations.set(key, one)
      for (const [i, most] of buckets.entries()) if (seconds <= most) one.counts[i] = (one.counts[i] ?? 0) + 1
      one.sum += seconds
      one.count++
    },
    predicted: (model, version, rows) => add(predictions, { model, version: String(version) }, rows),
    failed: (code) => add(errors, { code }),
    compared(version, challenger, rows, own) {
      const compare = comparerOf(version, challenger)
      const of = {
        name: version.served.name,
        version: String(version.record.version),
        challenger: challenger.label,
        challenger_version: String(challenger.record.version),
      }
      add(beside, of, rows.length)
      for (const [i, row] of rows.entries()) {
        const { agrees, differences: found } = compare(row.outputs, own[i]?.outputs ?? {})
        if (agrees !== undefined) add(agreements, { ...of, agrees: String(agrees) })
        for (const [output, by] of found) {
          const direction = by > 0 ? 'above' : by < 0 ? 'below' : 'equal'
          add(differing, { ...of, output, direction })
          if (by !== 0) add(differences, { ...of, output, direction }, Math.abs(by))
        }
      }
    },
    alone: (name, reason) => add(alone, { name, reason }),
    text(gauges) {
      const counter = (name: string, help: string, values: ReadonlyMap<string, number>) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} counter`,
        ...[...values].map(([labels, value]) => `${name}${labels} ${value}`),
      ]
      const histogram = 'viewcast_request_duration_seconds'
      const lines = [
        ...counter('viewcast_requests_total', 'Requests answered.', requests),
        ...counter('viewcast_predictions_total', 'Predictions given.', predictions),
        ...counter('viewcast_errors_total', 'Requests refused or failed, by code.', errors),
        ...counter('viewcast_challenger_predictions_total', 'Predictions a challenger was scored beside.', beside),
        ...counter(
          'viewcast_challenger_labels_total',
          'Predictions for which both gave a label, by whether it was the same.',
          agreements,
        ),
        ...counter(
          'viewcast_challenger_scores_total',
          "Predictions for which both gave a number, by whether the challenger's was above the champion's, below or equal.",
          differing,
        ),
        ...counter(
          'viewcast_challenger_difference_total',
          "How far the challenger's numbers were above the champion's, and below, in sum.",
          differences,
        ),
        ...counter('viewcast_challenger_alone_total', 'Requests for which challengers were not scored.', alone),
        `# HELP ${histogram} Time from the head of a request to its answer.`,
        `# TYPE ${histogram} histogram`,
        ...[...durations].flatMap(([labels, { counts, sum, count }]) => [
          ...buckets.map((most, i) => `${histogram}_bucket${withLabel(labels, 'le', String(most))} ${counts[i]}`),
          `${histogram}_bucket${withLabel(labels, 'le', '+Inf')} ${count}`,
          `${histogram}_sum${labels} ${sum}`,
          `${histogram}_count${labels} ${count}`,
        ]),
        ...gauges.flatMap(({ name, help, values }) => [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} gauge`,
          ...values.map(([labels, value]) => `${name}${labelled(labels)} ${value}`),
        ]),
      ]
      return `${lines.join('\n')}\n`
    },
  }
}

function labelled(labels: Labels): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return all.length === 0 ? '' : `{${all.join(',')}}`
}

const withLabel = (labels: string, name: string, value: string): string =>
  `${labels.slice(0, -1)},${name}="${escaped(value)}"}`

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
