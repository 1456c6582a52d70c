/** What an object should be: a declaration, resolved to a version and compiled against the database. */
import {
  type Callable,
  type Column,
  createFunction,
  type Diagnostic,
  InternalError,
  type ModelRecord,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { DeploymentDef } from '../define/deployment.ts'
import { comparisonQuery } from '../predict/comparison.ts'
import type { Scored } from '../predict/prepared-together.ts'
import { predictionObject, predictionQuery } from '../predict/queries.ts'
import { commentOf, type DeployedChallenger, deployedChallengers, scoredChallengers } from './challengers.ts'
import { type ObjectName, resolvedName } from './object-name.ts'

export interface Desired {
  readonly def: DeploymentDef
  readonly object: ObjectName
  readonly record: ModelRecord
  readonly challengers: readonly DeployedChallenger[]
  /** The same, where the query was compiled of them; by label. */
  readonly scored?: Readonly<Record<string, Scored>>
  /** Of an object whose schema is not there: the nearest one that is. */
  readonly lacksSchema?: { readonly near?: string }
  /** The flat prediction query, without a semicolon; of a function its CREATE statement. */
  readonly query: string
  readonly columns: readonly Column[]
  /** Of a function. */
  readonly parameters: readonly Column[]
  /** Of a function: what it is as data, under the comment its text begins with. */
  readonly routine?: { readonly head: string; readonly callable: Callable }
  readonly comment: string
  readonly warnings: readonly Diagnostic[]
}

export interface DesiredOptions {
  /** Records of the challengers that are declared, by label. */
  readonly challengers?: Readonly<Record<string, ModelRecord>>
  /** Schema of those that name none; default the first of the search path. */
  readonly schema?: string
  /** What relative `.sql` paths are relative to. */
  readonly directory?: string
}

/** Errors: everything wrong with the views at once; those of `predictionObject`. */
export async function desired(
  db: Database,
  def: DeploymentDef,
  record: ModelRecord,
  options: DesiredOptions = {},
): Promise<Desired> {
  const { object, missing } = await resolvedName(db, def.name, def.schema ?? options.schema)
  const given = {
    ...(def.outputs === null ? {} : { outputs: def.outputs }),
    ...(def.at === null ? {} : { at: def.at }),
    ...(options.directory === undefined ? {} : { directory: options.directory }),
  }
  const scored = scoredChallengers(def, options.challengers)
  const challengers = deployedChallengers(scored)
  const about = {
    def,
    object,
    record,
    challengers,
    comment: commentOf(record, challengers),
    ...(missing ? { lacksSchema: missing } : {}),
  }
  if (def.as === 'function') {
    const { columns, parameters, routine, warnings } = await predictionObject(db, def.model, record, {
      ...given,
      as: 'function',
      name: object,
      challengers: scored,
    })
    if (!routine) throw new InternalError('A function was compiled to something else')
    const query = `${routine.head}\n${createFunction(routine.callable)}`
    return { ...about, ...(challengers.length > 0 ? { scored } : {}), query, columns, parameters, routine, warnings }
  }
  if (challengers.length > 0) {
    const { outputs, ...asked } = given
    const champion = { model: def.model, record, ...(outputs === undefined ? {} : { outputs }) }
    const { sql, columns, warnings } = await comparisonQuery(db, champion, scored, asked)
    return { ...about, scored, query: sql, columns, parameters: [], warnings }
  }
  const { sql, columns, warnings } = await predictionQuery(db, def.model, record, given)
  return { ...about, query: sql, columns, parameters: [], warnings }
}
