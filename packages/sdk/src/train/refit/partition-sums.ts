/** Sums of a trained least-squares model by partition, made where the rows are. */
import { createHash } from 'node:crypto'
import {
  trainingQuery as compileTrainingQuery,
  encodedColumns,
  fail,
  fitSums,
  type LearnedInput,
  type ModelDef,
  type ModelRecord,
  type PartitionKey,
  type PartitionSum,
  type PartitionSums,
  partitionExpression,
  partitionFactsQuery,
  trainingDesign,
  trainingRows,
  withPartitions,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { prepareDataset } from '../../project/facts.ts'
import { type Ask, askIn } from '../in-database/ask.ts'
import { staysOutOfDatabase } from '../in-database/fit-in-database.ts'
import { flushed, type RemoteDesign, remoteDesign } from '../in-database/remote-design.ts'
import { sumOf } from './sum-of.ts'

export interface PartitionSumsOptions {
  /**
   * What parts the rows: a column of the training query (whole number, text, truth value, date), or the periods of an
   * instant in UTC, named by their first day: `{ column: 'as_of', every: 'month' }`. Not given with `like`.
   */
  readonly by?: string | PartitionKey
  /** Sums that the new ones are to be added to: the same partitions, shifts and encoders. */
  readonly like?: PartitionSums
  /** Partitions to read; all by default. Null is that of the rows whose column is NULL. */
  readonly only?: readonly (string | null)[]
  readonly signal?: AbortSignal
  /** What relative `.sql` paths are relative to; default the working directory. */
  readonly directory?: string
}

/**
 * Sums the training rows of a model by partition, with the encoders of its record; {@link refit} makes a model of them.
 *
 * Aggregates only leave the database, and all of them see one snapshot. With `only`, rows of other partitions are filtered
 * out before anything is encoded or summed.
 *
 * Errors: `train/partition` for a column that has no partitions and for partitions without training rows; `train/refit` for
 * models that are not least squares by aggregates, a record of another training query, and numbers too far from those the
 * sums were made for; `train/weight`, `train/not-finite`; those of the database.
 *
 * @example
 * ```ts
 * const { record } = await trainModel(db, delay)
 * const sums = await partitionSums(db, delay, record, { by: { column: 'as_of', every: 'month' } })
 * sums.partitions.map((p) => p.value) // ['2024-01-01', '2024-02-01', …]
 * ```
 * ```sql
 * SELECT q.pt, sum(q.l), …, sum(q.v * q.x1), …, sum(q.z1 * q.x1) FROM _products AS q GROUP BY q.pt
 * ```
 */
export async function partitionSums(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  { by, like, only, signal, directory }: PartitionSumsOptions,
): Promise<PartitionSums> {
  refuseOthers(model, record)
  const { dataset, facts } = await prepareDataset(db, model.dataset, directory)
  const query = compileTrainingQuery(dataset, facts)
  const queryHash = sha256(query.sql)
  if (queryHash !== record.dataset.queryHash || (like !== undefined && like.queryHash !== queryHash)) {
    refuse(record, 'its training query is not the one it was trained with')
  }
  if (like !== undefined) checkEncoders(like, record)
  const key = like?.by ?? keyOf(by, record)
  const partition = partitionExpression(query.columns, key)
  const read = only === undefined ? query : withPartitions(query, partition, only)
  const inputs = Object.fromEntries(record.inputs.map((i) => [i.feature, 'auto' as const]))
  const rows = trainingRows({ ...model, dataset, inputs }, read)
  const partitions = await db.transaction(async (tx) => {
    await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    const ask = askIn(tx, signal)
    const found = await ask(partitionFactsQuery(rows, record.inputs, partition))
    const facts = new Map(found.map((row) => [partitionOf(row[0]), row.slice(1).map(Number)]))
    checkRows(facts, model, record, only)
    const own = await remoteDesign(ask, rows, record.inputs)
    const frame = like === undefined ? own : frameOf(own, like, record)
    const sums = await sumsBy(ask, frame, record.inputs, partition)
    if (![...sums.values()].flat().every(Number.isFinite)) refuse(record, 'its sums are beyond the range of numbers')
    const values = [...facts].filter(([, [train = 0]]) => train > 0)
    return {
      frame,
      all: values.map(([value, fact]): PartitionSum => {
        const some = fact.slice(3)
        return {
          value,
          ...sumOf(sums.get(value) ?? [], frame.columns.length),
          missing: some.filter((_, i) => i % 2 === 0),
          others: some.filter((_, i) => i % 2 === 1),
        }
      }),
    }
  })
  const { frame, all } = partitions
  return {
    format: 'viewcast/sums@1',
    model: record.name,
    by: { ...key },
    encodersHash: encodersHash(record.inputs),
    queryHash,
    center: frame.labelMean,
    shift: [...frame.shift],
    scale: [...frame.scale],
    partitions: all.sort((a, b) => order(a.value, b.value)),
  }
}

/** Errors: `train/refit`, when the sums are of columns the record does not have. */
export function checkEncoders(sums: PartitionSums, record: ModelRecord): void {
  if (sums.model !== record.name) refuse(record, `the sums are those of model "${sums.model}"`)
  if (sums.encodersHash !== encodersHash(record.inputs)) refuse(record, 'the sums were made with other encoders')
}

export const refuse = (record: Pick<ModelRecord, 'name'>, cause: string): never =>
  fail('train/refit', { model: record.name, cause })

function refuseOthers(model: ModelDef, record: ModelRecord): void {
  const isLeastSquares = (m: Pick<ModelDef, 'family' | 'link'>) => m.family === 'gaussian' && m.link === 'identity'
  if (!isLeastSquares(model) || !isLeastSquares(record)) refuse(record, 'it is not fitted by least squares')
  const cause = staysOutOfDatabase(model)
  if (cause !== undefined) refuse(record, `sums do not hold ${cause}`)
}

function keyOf(by: PartitionSumsOptions['by'], record: ModelRecord): PartitionKey {
  if (by === undefined) return refuse(record, 'no column is named that parts the rows')
  return typeof by === 'string' ? { column: by } : by
}

type Facts = ReadonlyMap<string | null, readonly number[]>

function checkRows(
  facts: Facts,
  { label, dataset }: ModelDef,
  record: ModelRecord,
  only: PartitionSumsOptions['only'],
): void {
  const total = (at: number): number => [...facts.values()].reduce((sum, row) => sum + (row[at] ?? 0), 0)
  for (const value of only ?? []) {
    if (!((facts.get(value)?.[0] ?? 0) > 0)) {
      fail('train/partition', { partition: String(value), problem: 'has no training rows' })
    }
  }
  if (total(1) > 0) fail('train/weight', { column: dataset.sample.weight ?? '', rows: String(total(1)) })
  if (total(2) > 0) fail('train/not-finite', { input: label })
  if (total(0) === 0) fail('train/no-rows', { dataset: record.dataset.name, part: 'training' })
}

/** Numbers farther away than this have squares that sums of the other partitions vanish beside. */
const farthest = 1e60

/** The design of new rows, with the shifts of the rows before. */
function frameOf(own: RemoteDesign, like: PartitionSums, record: ModelRecord): RemoteDesign {
  const shift = Float64Array.from(like.shift)
  const scale = Float64Array.from(like.scale)
  own.columns.forEach((column, j) => {
    const distance = Math.max(own.scale[j] as number, Math.abs((own.shift[j] as number) - (shift[j] as number)))
    if (distance / (scale[j] as number) > farthest)
      refuse(record, `column "${column}" has numbers of another magnitude`)
  })
  // What is close to 0 among the new rows is not known from those before.
  const tiny = new Set(own.columns.keys())
  return { ...own, labelMean: like.center, shift, scale, scaling: { shift, scale, tiny } }
}

/** The values of each partition, from the first of the statements to the last. */
async function sumsBy(
  ask: Ask,
  { design, labelMean, scaling }: RemoteDesign,
  inputs: readonly LearnedInput[],
  partition: string,
): Promise<ReadonlyMap<string | null, number[]>> {
  const theta = new Float64Array(encodedColumns(inputs).length + 1)
  theta[0] = labelMean
  const request = {
    family: 'gaussian',
    link: 'identity',
    theta: flushed(theta),
    scaling,
    withProducts: true,
    every: 1,
  } as const
  const sums = new Map<string | null, number[]>()
  for (const sql of fitSums(trainingDesign(design.rows, inputs, 'train'), { ...request, partition })) {
    for (const [value, ...numbers] of await ask(sql)) {
      const key = partitionOf(value)
      sums.set(key, [...(sums.get(key) ?? []), ...numbers.map(Number)])
    }
  }
  return sums
}

const partitionOf = (value: unknown): string | null => (value === null ? null : String(value))

/** By code unit, null last. */
const order = (a: string | null, b: string | null): number =>
  a === b ? 0 : b === null || (a !== null && a < b) ? -1 : 1

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The same for a record as trained and as read from a file, which may order its keys otherwise. */
const encodersHash = (inputs: readonly LearnedInput[]): string => sha256(JSON.stringify(inputs, sorted))

const sorted = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
