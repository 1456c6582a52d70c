/** Rows of a definition, for looking at; nothing is written. */
import {
  trainingQuery as compileTrainingQuery,
  type Definition,
  type EntityDef,
  fail,
  instant,
  quoteIdentifier,
  quoteName,
  showQuery,
} from '@viewcast/compiler'
import type { Database, QueryResult } from '../database/database.ts'
import { describeAll, prepareDataset } from '../project/facts.ts'
import { readDefinitionFiles } from '../project/read-files.ts'

export interface ShowOptions {
  /** ISO instant for views that need one; default the start of the transaction. */
  readonly at?: string
  /** Default 10. */
  readonly limit?: number
  readonly directory?: string
}

/**
 * Shows the first rows of a definition: a sample, target or static view as it is, a view over `spine` for every entity at
 * an instant, a dataset as its training rows, a model as its dataset.
 *
 * Errors: those of compiling it; `compile/no-anchor` when a view needs entities and its entity names no relation.
 */
export async function showRows(
  db: Database,
  definition: Definition,
  options: ShowOptions = {},
): Promise<QueryResult & { readonly sql: string }> {
  const sql = await showSql(db, definition, options)
  // Around it rather than after it: the user's text may end with a LIMIT of its own.
  const result = await db.query(`SELECT * FROM (\n${sql}\n) AS q LIMIT ${Math.max(0, Math.trunc(options.limit ?? 10))}`)
  return { ...result, sql }
}

async function showSql(db: Database, d: Definition, options: ShowOptions): Promise<string> {
  const directory = options.directory ?? '.'
  if (d.kind === 'entity') return showEntity(d)
  if (d.kind === 'model') return showSql(db, d.dataset, options)
  if (d.kind === 'dataset') {
    const { dataset, facts } = await prepareDataset(db, d, directory)
    return compileTrainingQuery(dataset, facts).sql
  }
  const read = await readDefinitionFiles(d, directory)
  const { facts } = await describeAll(db, [read])
  const at = options.at === undefined ? undefined : (instant(options.at) ?? fail('time/instant', { value: options.at }))
  return showQuery(read, facts, at)
}

function showEntity(entity: EntityDef): string {
  if (!entity.from) return fail('compile/no-anchor', { entity: entity.name })
  return `SELECT ${entity.keys.map((k) => quoteIdentifier(k.name)).join(', ')} FROM ${quoteName(entity.from)}`
}
