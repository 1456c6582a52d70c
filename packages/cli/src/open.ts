/** Opens what a command works on: settings, project, database. */
import type { Database, Project } from '@viewcast/sdk'
import type { Invocation } from './command.ts'
import { loadSettings } from './config/load.ts'
import { loadProject } from './config/project.ts'
import type { Settings } from './config/resolve.ts'

export interface Opened {
  readonly settings: Settings
  readonly project: Project
}

type AnyInvocation = Pick<Invocation, 'globals' | 'io' | 'output'>

/** Configuration and definitions, without a database. */
export async function openProject(invocation: AnyInvocation): Promise<Opened> {
  const settings = await loadSettings(invocation.globals, invocation.io)
  return { settings, project: await loadProject(settings, invocation.io.cwd) }
}

/** Configuration, definitions and an open database, which is closed in the end whatever happens. */
export async function withProject<T>(
  invocation: AnyInvocation,
  body: (opened: Opened & { readonly db: Database }) => Promise<T>,
): Promise<T> {
  const settings = await loadSettings(invocation.globals, invocation.io)
  // The engine starts while the modules load: neither waits for the other.
  const connecting = connectTo(settings, invocation)
  connecting.catch(() => {})
  let project: Project
  try {
    project = await loadProject(settings, invocation.io.cwd)
  } catch (error) {
    await connecting.then((db) => db.close()).catch(() => {})
    throw error
  }
  return await closing(await connecting, invocation.io.signal, (db) => body({ settings, project, db }))
}

/** A database alone; a configuration is not needed. */
export async function withDatabase<T>(
  invocation: AnyInvocation,
  settings: Settings,
  body: (db: Database) => Promise<T>,
): Promise<T> {
  return await closing(await connectTo(settings, invocation), invocation.io.signal, body)
}

async function connectTo(settings: Settings, { globals, io }: AnyInvocation): Promise<Database> {
  const { connect, fail } = await import('@viewcast/sdk')
  const { value, origin } = settings.database
  if (value.kind === 'unset') {
    return fail('project/variable', { variable: value.variable, origin })
  }
  return await connect(value.target, {
    onNotice: (text) => {
      if (globals.verbose) void io.stderr.write(`notice  ${text}\n`)
    },
  })
}

/** How long running work may take to roll back after an interrupt before the process leaves it to the engine. */
const graceMs = 5_000

async function closing<T>(db: Database, signal: AbortSignal, body: (db: Database) => Promise<T>): Promise<T> {
  try {
    return await interruptible(body(db), signal)
  } finally {
    await (signal.aborted ? Promise.race([db.close(), delay(graceMs)]) : db.close())
  }
}

/**
 * Work that takes the signal ends by itself. Work that cannot is left behind after the grace: the process then ends,
 * its connection with it, and the engine rolls back what was not committed.
 */
async function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = new Promise<never>((_, reject) => {
    const stop = (): void => void delay(graceMs).then(() => reject(new Error('interrupted')))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  return await Promise.race([work, given])
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
