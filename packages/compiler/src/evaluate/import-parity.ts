/** Whether a record scores rows as the library does that its model comes from. */
import type { Link } from '../ir/family.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { ParityRow } from '../model/import/imported-model.ts'
import { outputName } from '../model/outputs.ts'
import { ArithmeticError, sigmoid } from './evaluate.ts'
import { rowScorer } from './score-row.ts'

export interface ImportParity {
  readonly rows: number
  readonly mismatched: number
  /** The first row that differs, and by how much. */
  readonly detail?: string
}

/**
 * Scores the rows, whose inputs are columns of the dataset, and compares.
 *
 * Sums over trees have to be the same to the bit. Linear predictors may differ by the order of their terms, and what went
 * through `exp` by its rounding: 1e-12 relative, or 4 steps of a float32 where the library computes in those; `least` where it is
 * less exact than that.
 */
export function importParity(record: ModelRecord, rows: readonly ParityRow[], least = 0): ImportParity {
  const { score, outputsOf } = rowScorer(record)
  const single = record.trees?.sums === 'float32'
  const exactScores = record.trees !== undefined
  let mismatched = 0
  let detail: string | undefined
  rows.forEach((row, i) => {
    const scores = attempt(() => score(row.inputs).scores)
    const wrong =
      scores === undefined
        ? 'the row cannot be scored'
        : (difference(scores, row.scores, Math.max(least, exactScores ? 0 : tolerance), 'score') ??
          difference(
            means(scores, record.link) ?? [outputsOf(scores, row.inputs)[outputName(record.family)] as number | null],
            row.prediction,
            Math.max(least, exactScores && record.link === 'identity' ? 0 : single ? 2 ** -21 : tolerance),
            'prediction',
          ))
    if (wrong === undefined) return
    mismatched++
    detail ??= `the first is row ${i + 1}: ${wrong}`
  })
  return { rows: rows.length, mismatched, ...(detail === undefined ? {} : { detail }) }
}

const tolerance = 1e-12

function difference(
  mine: readonly (number | null)[],
  theirs: readonly (number | null)[] | undefined,
  allowed: number,
  what: string,
): string | undefined {
  if (theirs === undefined) return undefined
  if (theirs.length !== mine.length) return `${theirs.length} values for ${mine.length} of ${what}`
  const size = Math.max(1, ...mine.map((x) => Math.abs(x ?? 0)))
  const at = mine.findIndex((x, i) => {
    const y = theirs[i] ?? null
    if (x === null || y === null) return x !== y
    return !(x === y || (Number.isNaN(x) && Number.isNaN(y)) || Math.abs(x - y) <= allowed * size)
  })
  if (at < 0) return undefined
  const x = mine[at] ?? null
  const y = theirs[at] ?? null
  const by = x === null || y === null ? 'one has none' : `they differ by ${Math.abs(x - y).toPrecision(3)}`
  return `${what} ${at + 1}, ${by}`
}

/** The mean by the link, as a library computes it; of the links no library but a statistics package has, as a record does. */
function means(scores: readonly (number | null)[], link: Link): (number | null)[] | undefined {
  if (link === 'logit') return scores.map(sigmoid)
  if (link === 'log') return scores.map((s) => (s === null ? null : Math.exp(s)))
  if (link === 'identity') return [...scores]
  if (link !== 'softmax') return undefined
  if (scores.includes(null)) return scores.map(() => null)
  const top = Math.max(...(scores as number[]))
  const shares = (scores as number[]).map((s) => Math.exp(s - top))
  const total = shares.reduce((a, b) => a + b, 0)
  return shares.map((s) => s / total)
}

function attempt<T>(f: () => T): T | undefined {
  try {
    return f()
  } catch (e) {
    if (e instanceof ArithmeticError) return undefined
    throw e
  }
}
