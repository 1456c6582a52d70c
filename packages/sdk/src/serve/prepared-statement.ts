/** The statement that answers a version, alone or with challengers, and where its columns are. */
import {
  digest,
  type Facts,
  type ModelDef,
  type ModelRecord,
  type ServingQuery,
  servingQuery,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { Scored } from '../predict/prepared-together.ts'

export interface Place {
  /** As the model calls it. */
  readonly name: string
  readonly type: string
  readonly at: number
}

/** Where what a model says is. */
export interface SaidPlaces {
  readonly outputs: readonly Place[]
  readonly features: readonly Place[]
}

export interface Places extends SaidPlaces {
  readonly keys: readonly Place[]
  readonly asOf: Place | undefined
  /** Whether the key is known. */
  readonly known: number | undefined
  /** In the order of the challengers. */
  readonly challengers: readonly SaidPlaces[]
}

export interface PreparedStatement {
  readonly query: ServingQuery
  /** What it is prepared as. */
  readonly statement: string
  readonly places: Places
}

/** @param record with the outputs that are wanted; so are those of the challengers */
export function preparedStatement(
  { model, facts }: { readonly model: ModelDef; readonly facts: Facts },
  record: ModelRecord,
  challengers: Readonly<Record<string, Scored>>,
  withFeatures: boolean,
): PreparedStatement {
  const beside = Object.entries(challengers).map(([label, one]) => ({ ...one, label }))
  const query = servingQuery(model, record, facts, { withFeatures, challengers: beside })
  return { query, statement: `viewcast_${digest(query.sql).slice(0, 32)}`, places: placesOf(query) }
}

/** Asks no question: that plans the statement, and so it runs. */
export const tried = (db: Database, { query }: PreparedStatement): Promise<unknown> =>
  db.query(
    query.sql,
    [...query.questions, ...(query.hasAsOf ? [0] : [])].map(() => []),
  )

function placesOf({ columns, keys, hasAsOf, tellsKnown, outputs, inputs }: ServingQuery): Places {
  const at = new Map(columns.map((c, i) => [c.name, i]))
  const own = columns.slice(1, 1 + keys.length).map((c, i) => ({ name: c.name, type: c.type, at: 1 + i }))
  const instant = columns[1 + keys.length]
  const place = (name: string, column: string, type: string): Place => ({ name, type, at: at.get(column) ?? -1 })
  const said = outputs.map((of, i) => ({
    outputs: of.map((o) => place(o.output, o.column, o.type)),
    features: (inputs[i] ?? []).map((c) => place(c.feature, c.column, c.type)),
  }))
  const [first = { outputs: [], features: [] }, ...challengers] = said
  return {
    ...first,
    keys: own,
    asOf: hasAsOf && instant ? { name: instant.name, type: instant.type, at: 1 + keys.length } : undefined,
    known: tellsKnown ? columns.length - 1 : undefined,
    challengers,
  }
}
