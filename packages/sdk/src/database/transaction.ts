import { fail } from '@viewcast/compiler/diagnostics'
import { wrapped } from './database-error.ts'
import type { Lease } from './lease.ts'

/** Runs `body` between BEGIN and COMMIT, or ROLLBACK when it throws. */
export async function inTransaction<T>(lease: Lease, body: () => Promise<T>): Promise<T> {
  await wrapped('', lease.run('BEGIN'))
  let result: T
  try {
    result = await body()
  } catch (e) {
    // The session may be gone; the first error is the one to report.
    await lease.run('ROLLBACK').catch(() => undefined)
    throw e
  }
  const end = await wrapped('', lease.run('COMMIT'))
  // The server answers COMMIT of a failed transaction with ROLLBACK, and without an error.
  if (end.command !== 'COMMIT') {
    fail('engine/failed', { detail: 'a statement of the transaction had failed, so nothing was committed' })
  }
  return result
}

/** The same inside a transaction; savepoints of one name hide each other, so depth is all that names need. */
export async function inSavepoint<T>(lease: Lease, depth: number, body: () => Promise<T>): Promise<T> {
  const name = `_viewcast_${depth}`
  await wrapped('', lease.run(`SAVEPOINT ${name}`))
  let result: T
  try {
    result = await body()
  } catch (e) {
    await lease.run(`ROLLBACK TO SAVEPOINT ${name}`).catch(() => undefined)
    throw e
  }
  await wrapped('', lease.run(`RELEASE SAVEPOINT ${name}`))
  return result
}
