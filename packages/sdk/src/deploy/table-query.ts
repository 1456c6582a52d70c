/** The query of a table as it is kept: whole but for the instant, which each refresh names. */
import { predictionQuery as compilePredictionQuery, fail, InternalError, instant } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { comparisonQuery } from '../predict/comparison.ts'
import { predictionOptions } from '../predict/queries.ts'
import { prepareModel } from '../project/prepare-model.ts'
import type { Desired } from './desired.ts'

export interface TableQuery {
  /** Columns of the entity, in order. */
  readonly entity: readonly string[]
  readonly hasAsOf: boolean
  /** Schemas in which the names of the query were looked up; another session may have others. */
  readonly searchPath: readonly string[]
  /** The query, cut where the instant stands, as PostgreSQL prints it under UTC; one piece where it asks about none. */
  readonly pieces: readonly string[]
}

/** Of equal length, and of no query of anybody. */
const marks = ['2222-02-02 02:02:02.222222+00', '2333-03-03 03:03:03.333333+00'] as const

/** Errors: those of `predictionQuery`; `model/output` for a column that has the name of one every table has. */
export async function tableQuery(
  db: Database,
  { def, record, columns, scored }: Desired,
  options: { readonly directory?: string } = {},
): Promise<TableQuery> {
  const taken = columns.find((c) => c.name === versionColumn)
  if (taken) {
    const reason = 'every table of predictions has a column of that name'
    fail('model/output', {
      model: record.name,
      output: versionColumn,
      reason,
      hint: 'Rename it in the sample and its views.',
    })
  }
  const { model, facts } = await prepareModel(db, def.model, options.directory)
  const outputs = def.outputs === null ? {} : { outputs: def.outputs }
  const directory = options.directory === undefined ? {} : { directory: options.directory }
  const queryOf = async (at: string): Promise<string> =>
    scored
      ? (await comparisonQuery(db, { model: def.model, record, ...outputs }, scored, { at, ...directory })).sql
      : compilePredictionQuery(model, record, facts, predictionOptions({ at, ...outputs })).sql
  const [cut, other] = await Promise.all(marks.map(async (at) => (await queryOf(at)).split(at)))
  // A query that computed with the instant when it was written would be of that instant only.
  if (!cut || !other || cut.join() !== other.join())
    throw new InternalError('The query keeps its instant in another form')
  const entity = model.dataset.sample.entity.keys.map((k) => k.name)
  return {
    entity,
    hasAsOf: columns[entity.length]?.name === 'as_of',
    searchPath: facts.catalog.searchPath,
    pieces: cut,
  }
}

/** Whole, about an instant in whichever zone; null where it asks about none. Errors: `time/instant`. */
export function queryAt({ pieces }: TableQuery, at: string | null): string {
  const text = at === null ? '' : (instant(at) ?? fail('time/instant', { value: at }))
  return pieces.join(text)
}

/** Which version of the model a row comes of. */
export const versionColumn = 'model_version'
