/** Rows of a definition, for looking at; nothing is written. */
import {
  bindDataset,
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
import { namingFailedView, type RunningQuery } from '../project/failed-view.ts'
import { readDefinitionFiles } from '../project/read-files.ts'
import { runningTraining, runningView } from '../project/running-query.ts'

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
 * Errors: those of compiling it; `compile/no-anchor` when a view needs entities and its entity names no relation;
 * `view/failed`.
 */
export async function showRows(
  db: Database,
  definition: Definition,
  options: ShowOptions = {},
): Promise<QueryResult & { readonly sql: string }> {
  const directory = options.directory ?? '.'
  const limit = Math.max(0, Math.trunc(options.limit ?? 10))
  const { sql, running } = await shown(db, definition, options, directory)
  // Around it rather than after it: the user's text may end with a LIMIT of its own.
  const first = `SELECT * FROM (\n${sql}\n) AS q LIMIT ${limit}`
  const result = await (running ? namingFailedView(db, running(first), () => db.query(first)) : db.query(first))
  return { ...result, sql }
}

interface Shown {
  readonly sql: string
  /** For its failures, given the text that is run. */
  readonly running?: (text: string) => RunningQuery
}

async function shown(db: Database, d: Definition, options: ShowOptions, directory: string): Promise<Shown> {
  if (d.kind === 'entity') return { sql: showEntity(d) }
  if (d.kind === 'model') return shown(db, d.dataset, options, directory)
  if (d.kind === 'dataset') {
    const { dataset, facts } = await prepareDataset(db, d, directory)
    const { sql } = compileTrainingQuery(dataset, facts)
    return { sql, running: () => runningTraining(bindDataset(dataset, facts).value, facts) }
  }
  const read = await readDefinitionFiles(d, directory)
  const { facts } = await describeAll(db, [read])
  const at = options.at === undefined ? undefined : (instant(options.at) ?? fail('time/instant', { value: options.at }))
  return { sql: showQuery(read, facts, at), running: (text) => runningView(read, facts, text) }
}

function showEntity(entity: EntityDef): string {
  if (!entity.from) return fail('compile/no-anchor', { entity: entity.name })
  return `SELECT ${entity.keys.map((k) => quoteIdentifier(k.name)).join(', ')} FROM ${quoteName(entity.from)}`
}
