/**
 * Two processes on one embedded database lose rows without an error, so a file beside the directory says who has it.
 *
 * The file appears whole (as a link to a finished one). It is removed by its owner, or by a process that found the owner
 * dead and holds a second file, the guard, while it makes sure that it still is the same owner.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '@viewcast/compiler/diagnostics'
import { atExit } from './at-exit.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts'

interface Holder extends ProcessIdentity {
  /** Tells one taking of the lock from the next. */
  readonly id: string
}

/** Takes the lock of `directory`, which need not exist; returns how to give it back. Errors: `engine/locked`. */
export async function lockDirectory(directory: string): Promise<() => void> {
  const file = `${directory}.lock`
  const me: Holder = { ...ownIdentity(), id: randomBytes(8).toString('hex') }
  await mkdir(dirname(file), { recursive: true })
  const patience = Date.now() + 5000
  while (!(await create(file, me))) {
    const holder = await read(file)
    if (holder === undefined && Date.now() < patience) {
      // Gone in between, or on a file system without links and not written yet.
      await sleep(20)
      continue
    }
    if (holder === undefined || isAlive(holder) !== false || Date.now() > patience) refuse(directory, file, holder)
    await removeDead(file, holder)
  }
  const remove = () => {
    if (readFileSync(file, 'utf8').includes(me.id)) rmSync(file, { force: true })
  }
  const stop = atExit(remove)
  return () => {
    stop()
    remove()
  }
}

function refuse(directory: string, file: string, holder: Holder | undefined): never {
  const elsewhere = holder !== undefined && isAlive(holder) === undefined
  fail('engine/locked', {
    directory,
    pid: holder === undefined ? 'unknown' : elsewhere ? `${holder.pid} on ${holder.host}` : String(holder.pid),
    ...(elsewhere || holder === undefined
      ? { hint: `Whether it still runs cannot be told from here; when it does not, remove ${file}.` }
      : {}),
  })
}

const errorCode = (e: unknown): unknown => (e instanceof Error && 'code' in e ? e.code : undefined)

async function create(file: string, me: Holder): Promise<boolean> {
  const whole = `${file}.${me.id}`
  await writeFile(whole, JSON.stringify(me))
  try {
    await link(whole, file)
    return true
  } catch (e) {
    if (errorCode(e) === 'EEXIST') return false
    // Some file systems have no links.
    return createPlainly(file, JSON.stringify(me))
  } finally {
    await rm(whole, { force: true })
  }
}

async function createPlainly(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' })
    return true
  } catch (e) {
    if (errorCode(e) === 'EEXIST') return false
    throw e
  }
}

/** Undefined when the file is gone or says nothing understandable. */
async function read(file: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>
    const { pid, host, started, id } = holder
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof started !== 'string') return undefined
    return typeof id === 'string' ? { pid, host, started, id } : undefined
  } catch {
    return undefined
  }
}

/** How long a guard may stand; it is held for a few file operations. */
const guardLife = 10_000

async function removeDead(file: string, dead: Holder): Promise<void> {
  const guard = `${file}.takeover`
  if (!(await createPlainly(guard, String(process.pid)))) {
    const age = await stat(guard).then(
      (s) => Date.now() - s.mtimeMs,
      () => 0,
    )
    if (age > guardLife) await rm(guard, { force: true })
    else await sleep(20)
    return
  }
  try {
    if ((await read(file))?.id !== dead.id) return
    const aside = `${file}.${dead.id}.dead`
    await rename(file, aside)
    // Should another process have got between, its lock goes back to where it was.
    if ((await read(aside))?.id !== dead.id) await link(aside, file)
    await rm(aside, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}
