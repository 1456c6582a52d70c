/** Rows of one part of a dataset with what a model says of each, read once from the database. */
import {
  evaluationQuery,
  type Facts,
  fail,
  type Literal,
  type ModelDef,
  type ModelRecord,
  outputs,
  scoreColumns,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { numberOf } from '../database/number-batch.ts'

/** Parts of a dataset; `all` takes every row that has a label. */
export type EvaluatedPart = 'train' | 'validation' | 'test' | 'all'

export interface ScoredRows {
  readonly rows: number
  /** The label as it is stored. */
  readonly labels: readonly unknown[]
  /** Values of the outputs by name, in the order of the rows. */
  readonly outputs: Readonly<Record<string, readonly unknown[]>>
  /** The first score: the linear predictor. */
  readonly scores: Float64Array
  readonly weights?: Float64Array
  /** Values of the features asked for. */
  readonly features: Readonly<Record<string, readonly unknown[]>>
  /** Some rows with all inputs, evenly spread. */
  readonly examples: readonly Readonly<Record<string, Literal>>[]
  /** Rows that were left out because the model gives no prediction for them. */
  readonly unscored: number
  readonly sql: string
}

const mostExamples = 2000

export interface ReadOptions {
  readonly part: EvaluatedPart
  /** Features whose values are kept, for slices. */
  readonly features: readonly string[]
  readonly signal?: AbortSignal | undefined
  readonly onRows?: ((rows: number) => void) | undefined
}

/** Memory: about 16 bytes per row and column kept. Errors: `train/no-rows`, those of {@link evaluationQuery}. */
export async function readScoredRows(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  facts: Facts,
  options: ReadOptions,
): Promise<ScoredRows> {
  const { part, features, signal } = options
  const query = evaluationQuery(model, record, facts, features)
  const names = [...query.columns, ...scoreColumns(record), ...outputs(record).map((o) => o.name)]
  const at = new Map(names.map((name, i) => [name, i]))
  const column = (name: string): number => at.get(name) ?? -1
  const own = outputs(record).map((o) => o.name)
  const [label, split, weight, censored] = [record.label, '_split', '_weight', '_censored'].map(column)
  const score = column(scoreColumns(record)[0] ?? '')
  const drops = (model.dataset.target?.censored ?? 'drop') === 'drop'
  const labels: unknown[] = []
  const scores: number[] = []
  const weights: number[] = []
  const kept = Object.fromEntries(features.map((f) => [f, [] as unknown[]]))
  const said = Object.fromEntries(own.map((o) => [o, [] as unknown[]]))
  const examples = spreadExamples()
  let unscored = 0
  let read = 0
  for await (const batch of db.stream(query.sql, signal ? { signal } : {})) {
    for (const row of batch) {
      const value = (index: number | undefined): unknown => row[index ?? -1]
      if (value(label) === null || (drops && value(censored) === true)) continue
      if (part !== 'all' && (split === undefined || split < 0 ? 'train' : value(split)) !== part) continue
      const w = weight === undefined || weight < 0 ? 1 : numberOf(value(weight))
      if (!(w > 0)) continue
      const z = numberOf(value(score))
      if (Number.isNaN(z)) {
        unscored++
        continue
      }
      labels.push(value(label))
      scores.push(z)
      if (weight !== undefined && weight >= 0) weights.push(w)
      for (const f of features) kept[f]?.push(value(column(f)))
      for (const o of own) said[o]?.push(value(column(o)))
      examples.offer(() =>
        Object.fromEntries(record.inputs.map((i) => [i.feature, value(column(i.feature)) as Literal])),
      )
    }
    read += batch.length
    options.onRows?.(read)
  }
  if (labels.length === 0) fail('train/no-rows', { dataset: model.dataset.name, part })
  return {
    rows: labels.length,
    labels,
    outputs: said,
    scores: Float64Array.from(scores),
    ...(weights.length === 0 ? {} : { weights: Float64Array.from(weights) }),
    features: kept,
    examples: examples.read(),
    unscored,
    sql: query.sql,
  }
}

/** Every n-th row, n doubling whenever there are too many. */
function spreadExamples(): {
  offer(make: () => Readonly<Record<string, Literal>>): void
  read(): Readonly<Record<string, Literal>>[]
} {
  let kept: Readonly<Record<string, Literal>>[] = []
  let every = 1
  let seen = 0
  return {
    offer(make) {
      if (seen++ % every !== 0) return
      kept.push(make())
      if (kept.length <= mostExamples) return
      kept = kept.filter((_, i) => i % 2 === 0)
      every *= 2
    },
    read: () => kept,
  }
}
