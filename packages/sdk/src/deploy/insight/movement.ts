/** How predictions would move: what is deployed against what is planned, for the same keys at the same moment. */
import { quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { isDatabaseError } from '../../database/database-error.ts'
import { serverWords } from '../../database/server-words.ts'
import { type AnsweringQuery, movementBetween } from '../../predict/score-movement.ts'
import { quoted } from '../object-name.ts'
import type { Movement, PlannedChange } from '../plan-data.ts'
import type { Present, PresentColumn } from '../present.ts'
import type { LiveDeployment } from '../state.ts'

export interface MovementQuestion {
  readonly change: Pick<PlannedChange, 'class' | 'as' | 'object'>
  /** The flat query that is planned: of a function for every key there is, instead of its statement. */
  readonly query: string
  readonly columns: readonly PresentColumn[]
  /** Key columns of the entity. */
  readonly keys: readonly string[]
  readonly live: LiveDeployment
  readonly present: Present | undefined
  readonly sample: number
  readonly timeout: number
  readonly withKey: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * One statement in a transaction that may only read. Keys are those with the least hashes, so that they are the same every
 * time; what stands in `as_of` does not tell questions apart, as each key is asked about once.
 */
export async function movementOf(
  db: Database,
  question: MovementQuestion,
): Promise<{ readonly movement?: Movement; readonly notes: readonly string[] }> {
  const sides = sidesOf(question)
  if (typeof sides === 'string') return { notes: [notCompared(sides)] }
  const { sample, timeout, withKey, signal } = question
  try {
    const found = await db.transaction(async (tx) => {
      // Inside another transaction it would outlive this one.
      if (!db.isTransaction) await tx.execute('SET TRANSACTION READ ONLY')
      await tx.execute(`SET LOCAL statement_timeout = ${Math.round(timeout)}`)
      return movementBetween(tx, ...sides, { rows: sample, withKey, ...(signal ? { signal } : {}) })
    })
    const { only: _, ...movement } = found
    return { movement: { ...movement, sample }, notes: [] }
  } catch (e) {
    if (!isDatabaseError(e) || signal?.aborted) throw e
    const isLate = e.sqlState === '57014'
    return { notes: [notCompared(isLate ? `it took longer than ${timeout / 1000} s` : serverWords(e))] }
  }
}

const notCompared = (why: string): string => `predictions were not compared: ${why}`

/** Or why there are none. */
function sidesOf(question: MovementQuestion): readonly [AnsweringQuery, AnsweringQuery] | string {
  const { query, columns, keys, live } = question
  const before = live.columns.filter((c) => c.tombstone === undefined)
  const missing = keys.find((key) => !before.some((c) => c.name === key))
  if (missing !== undefined) return `what is deployed has no column ${missing}`
  const outputs = columns.flatMap(({ name, type }) => {
    if (keys.includes(name) || before.find((c) => c.name === name)?.type !== type) return []
    const isNumber = type === 'double precision'
    return isNumber || name === 'label' ? [{ name, type: isNumber ? 'float8' : type }] : []
  })
  if (outputs.length === 0) return 'no output is in both under one name'
  if (live.kind !== 'function' && question.change.as !== 'function')
    return [
      { sql: live.query, keys, outputs },
      { sql: query, keys, outputs },
    ]
  const some = sampled(question)
  const after = { sql: some, keys, outputs }
  if (live.kind !== 'function')
    return [{ sql: `SELECT b.* FROM (\n${live.query}\n) AS b ${within(some, keys)}`, keys, outputs }, after]
  const call = callOf(question)
  if (call === undefined) return 'the function is called with more than a key and an instant'
  const own = [...keys.map((k) => `n.${quoteIdentifier(k)}`), ...outputs.map((o) => `f.${quoteIdentifier(o.name)}`)]
  return [
    { sql: `SELECT ${own.join(', ')} FROM (\n${some}\n) AS n CROSS JOIN LATERAL ${call} AS f`, keys, outputs },
    after,
  ]
}

/** A function is called once for each key: not for more than are compared. */
function sampled({ query, keys, sample }: MovementQuestion): string {
  const row = keys.map((k) => `k.${quoteIdentifier(k)}`).join(', ')
  return `SELECT k.* FROM (\n${query}\n) AS k ORDER BY md5(ROW(${row})::text) LIMIT ${sample}`
}

const within = (some: string, keys: readonly string[]): string =>
  `WHERE EXISTS (SELECT FROM (\n${some}\n) AS s WHERE ${keys.map((k) => `s.${quoteIdentifier(k)} IS NOT DISTINCT FROM b.${quoteIdentifier(k)}`).join(' AND ')})`

/** Its parameters are named like the columns they stand for, or with a prefix. */
function callOf({ present, keys, columns, change }: MovementQuestion): string | undefined {
  const asked = [...keys, ...(columns.some((c) => c.name === 'as_of') ? ['as_of'] : [])]
  const given = (present?.parameters ?? []).map(({ name }) => {
    const column = asked.find((c) => name === c || (name.startsWith('p_') && name.replace(/^p_+/, '') === c))
    return column === undefined ? undefined : `${quoteIdentifier(name)} => n.${quoteIdentifier(column)}`
  })
  if (present === undefined || given.includes(undefined)) return undefined
  return `${quoted(change.object)}(${given.join(', ')})`
}
