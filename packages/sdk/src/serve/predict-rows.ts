/** Questions in, predictions out: one statement, prepared once in each session. */
import type { Database, Value } from '../database/database.ts'
import type { PredictedRow } from '../store/predictions/log-predictions.ts'
import type { Place, PreparedStatement, SaidPlaces } from './prepared-statement.ts'
import { isUnprepared } from './problem.ts'
import type { Asked } from './question-schema.ts'
import type { ServedVersion } from './served-version.ts'
import { bound, shown } from './value-schema.ts'

/** Values are those a {@link Database} returns; `inputs` are there where they are asked for. */
export interface ServedRow extends PredictedRow {
  /** Where the dataset has no instants, when the answer came. */
  readonly asOf: string
  /** Whether the entity's relation has the key; null where nobody can tell at once. */
  readonly known: boolean | null
}

export interface PredictedRows {
  /** In the order asked. */
  readonly rows: readonly ServedRow[]
  /** What each challenger says to the same questions; none where they were not asked. */
  readonly challengers: readonly (readonly ServedRow[])[]
}

export async function predictRows(
  db: Database,
  { query, statement, places }: PreparedStatement,
  { questions, asOf }: Asked,
  signal?: AbortSignal,
): Promise<PredictedRows> {
  const arrays = query.questions.map((c) => questions.map((q) => bound(c.type, q[c.name])))
  const instants = query.hasAsOf ? [questions.map((q) => bound('timestamptz', q['as_of'] ?? asOf))] : []
  const run = (prepared: object) =>
    db.query(query.sql, [...arrays, ...instants], { ...prepared, ...(signal ? { signal } : {}) })
  const { rows } = await run({ prepared: statement }).catch((error: unknown) => {
    if (isUnprepared(error)) return run({})
    throw error
  })
  const brought = query.questions.map((c) => c.name).filter((name) => !query.keys.includes(name))
  const now = new Date().toISOString()
  const predicted: ServedRow[] = new Array(questions.length)
  const challengers = places.challengers.map((): ServedRow[] => new Array(questions.length))
  for (const row of rows) {
    const n = Number(row[0]) - 1
    const question = {
      key: picked(places.keys, row),
      asOf: places.asOf ? String(row[places.asOf.at]) : now,
      known: places.known === undefined ? null : row[places.known] === true,
      ...(brought.length === 0
        ? {}
        : { question: Object.fromEntries(brought.map((name) => [name, questions[n]?.[name]])) }),
    }
    predicted[n] = { ...question, ...saidBy(places, row) }
    for (const [i, of] of places.challengers.entries()) {
      const own = challengers[i]
      if (own) own[n] = { ...question, ...saidBy(of, row) }
    }
  }
  return { rows: predicted, challengers }
}

const saidBy = ({ outputs, features }: SaidPlaces, row: readonly Value[]) => ({
  outputs: picked(outputs, row),
  ...(features.length === 0 ? {} : { inputs: picked(features, row) }),
})

const picked = (places: readonly Place[], row: readonly Value[]) =>
  Object.fromEntries(places.map((c) => [c.name, row[c.at]]))

/** As an answer tells it. */
export function predictionBody({ places }: ServedVersion, row: ServedRow): Record<string, unknown> {
  const said = (all: readonly Place[], values: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(all.map((c) => [c.name, shown(c.type, values[c.name])]))
  return {
    key: said(places.keys, row.key),
    ...(places.asOf ? { as_of: shown('timestamptz', row.asOf) } : {}),
    outputs: said(places.outputs, row.outputs),
    ...(row.known === null ? {} : { known: row.known }),
  }
}
