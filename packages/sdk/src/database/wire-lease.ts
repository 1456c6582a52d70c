import type { Buffer } from 'node:buffer'
import type { ClientBase } from 'pg'
import type { Field, Lease, WireResult } from './lease.ts'
import { serial } from './serial.ts'
import { parameter, valueTypes } from './values.ts'

/** Settings every statement runs with, so that text and plans do not depend on the server's configuration. */
const settings = [
  `TimeZone = 'UTC'`,
  `DateStyle = 'ISO, MDY'`,
  `IntervalStyle = 'postgres'`,
  `bytea_output = 'hex'`,
  'extra_float_digits = 1',
  'standard_conforming_strings = on',
  'jit = off',
  'cursor_tuple_fraction = 1',
]

/** For a session of one's own. */
export const sessionSettings = [...settings, `application_name = 'viewcast'`].map((s) => `SET ${s}`).join('; ')

/** To the end of a transaction. */
export const transactionSettings = settings.map((s) => `SET LOCAL ${s};`).join(' ')

/** What differs between the engines. */
interface Own {
  load(target: string, rows: Buffer): Promise<void>
  readonly copyOut?: (sql: string) => AsyncIterable<Buffer>
  interrupt(): void
  /** Sees every error; gives the one for a session that ended under its statement, undefined otherwise. */
  lost(e: unknown): unknown
}

/** A lease of any client that speaks the wire protocol. */
export function wireLease(client: ClientBase, own: Own): Lease {
  // The driver's own queue is deprecated, and users do run statements of one transaction side by side.
  const queue = serial()
  const job = <T>(body: () => Promise<T>): Promise<T> =>
    queue(async () => {
      try {
        return await body()
      } catch (e) {
        throw own.lost(e) ?? e
      }
    })
  return {
    run: (sql, parameters = [], name) => job(() => run(client, sql, parameters, name)),
    script: (sql) => job(() => script(client, sql)),
    describe: (sql) => job(() => describe(client, sql)),
    load: (target, rows) => job(() => own.load(target, rows)),
    ...(own.copyOut ? { copyOut: own.copyOut } : {}),
    interrupt: () => own.interrupt(),
    busy: () => client.getTransactionStatus() !== 'I',
  }
}

/**
 * A script that fails may have begun a transaction, and the driver tells of the error before the server has told of the
 * session's state: that is known when the next answer is there.
 */
async function script(client: ClientBase, sql: string): Promise<void> {
  try {
    await client.query(sql)
  } catch (e) {
    await client.query('').catch(() => undefined)
    throw e
  }
}

async function run(
  client: ClientBase,
  sql: string,
  parameters: readonly unknown[],
  name: string | undefined,
): Promise<WireResult> {
  const query = {
    ...(name === undefined ? {} : { name }),
    text: sql,
    values: parameters.map(parameter),
    rowMode: 'array' as const,
    types: valueTypes as never,
    // Even without parameters: the simple protocol would run several statements.
    queryMode: 'extended',
  }
  const result = await client.query<unknown[]>(query)
  return {
    fields: result.fields.map((f) => ({ name: f.name, oid: f.dataTypeID })),
    rows: result.rows,
    command: result.command,
    affected: result.rowCount ?? 0,
  }
}

/** Parse, Describe, Sync: the server analyses the very text given, so that positions need no correction. */
function describe(client: ClientBase, sql: string): Promise<readonly Field[]> {
  return new Promise((resolve, reject) => {
    let fields: readonly Field[] = []
    const submittable = {
      submit(connection: { parse(m: object): void; describe(m: object): void; sync(): void }) {
        connection.parse({ text: sql })
        connection.describe({ type: 'S' })
        connection.sync()
      },
      handleRowDescription(message: { fields: { name: string; dataTypeID: number }[] }) {
        fields = message.fields.map((f) => ({ name: f.name, oid: f.dataTypeID }))
      },
      handleError: (e: Error) => reject(e),
      handleReadyForQuery: () => resolve(fields),
      handleEmptyQuery() {},
      handleCommandComplete() {},
      handleDataRow() {},
    }
    client.query(submittable as never)
  })
}
