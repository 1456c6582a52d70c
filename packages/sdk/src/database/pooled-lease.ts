/**
 * A session behind a pooler of transactions, such as PgBouncer: it is ours from BEGIN to COMMIT, and after that somebody else's.
 * What is set for longer reaches others and is missing for us; what is prepared by a name is not there the next time.
 */
import { isWireError } from './database-error.ts'
import type { Lease, WireResult } from './lease.ts'
import { transactionSettings } from './wire-lease.ts'

/** Those of a session that begin a transaction have another name inside of it. */
const ofTransaction: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'transaction_read_only',
  default_transaction_isolation: 'transaction_isolation',
  default_transaction_deferrable: 'transaction_deferrable',
}

/**
 * The settings of a session as statements that hold until its transaction ends.
 *
 * @param literal writes a text as SQL does, whatever the server makes of backslashes.
 */
export function localSettings(settings: Readonly<Record<string, string>>, literal: (text: string) => string): string {
  const given = Object.entries(settings).map(
    ([name, value]) => ` SELECT set_config(${literal(ofTransaction[name] ?? name)}, ${literal(value)}, true);`,
  )
  return transactionSettings + given.join('')
}

/** Every statement of the lease in a transaction, its own where there is none, with `settings` at its start. */
export function pooledLease(lease: Lease, settings: string): Lease {
  const begin = () => lease.script(`BEGIN;${settings}`)
  const rollback = () => lease.run('ROLLBACK').catch(() => undefined)
  /** @param body what a transaction may refuse is done without one. */
  async function alone<T>(body: () => Promise<T>): Promise<T> {
    if (lease.busy()) return body()
    await begin()
    let result: T
    try {
      result = await body()
    } catch (e) {
      await rollback()
      if (isOutside(e)) return body()
      throw e
    }
    await lease.run('COMMIT')
    return result
  }
  const copyOut = lease.copyOut
  return {
    ...lease,
    async run(sql, parameters): Promise<WireResult> {
      if (!opens.test(sql)) return alone(() => lease.run(sql, parameters))
      await begin()
      return { fields: [], rows: [], command: 'BEGIN', affected: 0 }
    },
    async script(sql) {
      if (lease.busy()) return lease.script(sql)
      try {
        // Several statements in one message are one transaction, but for those that end it themselves.
        await lease.script(settings + sql)
      } catch (e) {
        if (isOutside(e) && !several.test(sql)) return lease.script(sql)
        throw moved(e, settings.length)
      }
    },
    describe: (sql) => alone(() => lease.describe(sql)),
    ...(copyOut ? { copyOut: (sql: string) => copied(lease, () => copyOut(sql), { begin, rollback }) } : {}),
  }
}

const opens = /^\s*(BEGIN|START\s+TRANSACTION)\s*;?\s*$/i
const several = /;\s*\S/

async function* copied(
  lease: Lease,
  copy: () => AsyncIterable<Buffer>,
  { begin, rollback }: { begin(): Promise<unknown>; rollback(): Promise<unknown> },
): AsyncGenerator<Buffer> {
  if (lease.busy()) return yield* copy()
  await begin()
  try {
    yield* copy()
  } catch (e) {
    await rollback()
    throw e
  }
  // Not for whoever leaves early: the server still sends, until the session is interrupted.
  await lease.run('COMMIT')
}

/** `VACUUM` and its like: "cannot run inside a transaction block". */
const isOutside = (e: unknown): boolean => isWireError(e) && e.code === '25001'

/** The server counts from the start of the message. */
function moved(e: unknown, by: number): unknown {
  if (isWireError(e) && e.position !== undefined) Object.assign(e, { position: String(Number(e.position) - by) })
  return e
}
