/** Opens what a command works on: settings, project, database. */
import { setTimeout } from 'node:timers/promises'
import type { Database, Project, Store } from '@viewcast/sdk'
import type { Invocation } from './command.ts'
import { eventTarget } from './config/event-target.ts'
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
  const connecting = connectTo(settings, invocation)
  connecting.catch(() => {})
  let project: Project
  try {
    // The embedded engine starts on its own thread while the project and the rest of the SDK load.
    await headStart(connecting)
    project = await loadProject(settings, invocation.io.cwd)
  } catch (error) {
    await connecting.then((db) => db.close()).catch(() => {})
    throw error
  }
  return await closing(await connecting, (db) => body({ settings, project, db }))
}

/**
 * As {@link withProject}, with the store: made when it is missing.
 *
 * Errors: `store/off` when the configuration says `store: false`; those of `openStore`.
 *
 * @public
 */
export async function withStore<T>(
  invocation: AnyInvocation,
  body: (opened: Opened & { readonly db: Database; readonly store: Store }) => Promise<T>,
): Promise<T> {
  return await withProject(invocation, async (opened) => {
    const { fail, openStore } = await import('@viewcast/sdk')
    const { settings, project, db } = opened
    if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
    const store = await openStore(db, { project: project.name, ...eventsOf(settings) })
    return await sending(invocation, settings, store, () => body({ ...opened, store }))
  })
}

/** As {@link withStore}, for what has to be kept there. Errors, too: `store/forbidden` for a role that may not write to it. */
export async function withStoreToWrite<T>(
  invocation: AnyInvocation,
  body: (opened: Opened & { readonly db: Database; readonly store: Store }) => Promise<T>,
): Promise<T> {
  return await withProject(invocation, async (opened) => {
    const { fail, openStoreToWrite } = await import('@viewcast/sdk')
    const { settings, project, db } = opened
    if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
    const store = await openStoreToWrite(db, { project: project.name, ...eventsOf(settings) })
    return await sending(invocation, settings, store, () => body({ ...opened, store }))
  })
}

/**
 * As {@link withProject}, with the store that is there to be read; where there is none, with one that is taken back in the
 * end, so that a question to a database leaves nothing in it.
 *
 * Errors: `store/off`; `store/forbidden` for a role that may not read it; those of `withPassingStore`.
 */
export async function withStoreToAsk<T>(
  invocation: AnyInvocation,
  body: (opened: Opened & { readonly db: Database; readonly store: Store }) => Promise<T>,
): Promise<T> {
  return await withProject(invocation, async (opened) => {
    const { fail, openStore, openStoreToRead, storeVersion, withPassingStore } = await import('@viewcast/sdk')
    const { settings, project, db } = opened
    if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
    const named = { project: project.name }
    const there = await openStoreToRead(db, named)
    if (there) return await body({ ...opened, store: there })
    if ((await storeVersion(db)).applied > 0) return await body({ ...opened, store: await openStore(db, named) })
    return await withPassingStore(db, named, (store) => body({ ...opened, db: store.db, store }))
  })
}

/**
 * As {@link withProject}, with the store if there can be one: `store` is undefined when the configuration says
 * `store: false`, and where the role may not write to it, which is noted on stderr.
 *
 * @param first is called before a store is made; what it gives, unless that is undefined, is all there is to do.
 */
export async function withStoreIfAllowed<T>(
  invocation: AnyInvocation,
  body: (opened: Opened & { readonly db: Database; readonly store: Store | undefined }) => Promise<T>,
  first: (opened: Opened & { readonly db: Database }) => Promise<T | undefined> = async () => undefined,
): Promise<T> {
  return await withProject(invocation, async (opened) => {
    const { settings, project, db } = opened
    const over = await first(opened)
    if (over !== undefined) return over
    if (!settings.store.value) return body({ ...opened, store: undefined })
    const { openStoreIfAllowed } = await import('@viewcast/sdk')
    const found = await openStoreIfAllowed(db, { project: project.name, ...eventsOf(settings) })
    const { store } = found
    if (store === undefined) {
      await invocation.output.note(`not recorded: ${found.reason}`)
      return body({ ...opened, store })
    }
    return await sending(invocation, settings, store, () => body({ ...opened, store }))
  })
}

const eventsOf = ({ openLineage }: Settings) => (openLineage.value ? { events: openLineage.value.names } : {})

/** How long a command may stay for its events, in milliseconds. */
const sendingTime = 900

/**
 * Runs `body`, then tries to send the events it wrote: once, shortly, and never so that the command fails or is changed by
 * it. What could not be sent waits for `viewcast events send`.
 */
async function sending<T>(
  { io }: AnyInvocation,
  { openLineage }: Settings,
  store: Store,
  body: () => Promise<T>,
): Promise<T> {
  const { value, origin } = openLineage
  if (value === undefined || value.to.kind === 'unset') return body()
  const last = async () =>
    (await store.db.rows<{ id: string }>('SELECT coalesce(max(id), 0) AS id FROM viewcast.outbox'))[0]?.id
  const before = await last()
  try {
    return await body()
  } finally {
    const stop = new AbortController()
    const attempt = async () => {
      if (io.signal.aborted || (await last()) === before) return
      const { sendEvents } = await import('@viewcast/sdk')
      await sendEvents(store, await eventTarget({ value: value.to, origin }), { signal: stop.signal, patience: 1 })
    }
    const work = attempt().catch(() => {})
    await Promise.race([work, setTimeout(sendingTime, undefined, { ref: false })])
    stop.abort()
    // What was on its way is given back before the database is closed.
    await Promise.race([work, setTimeout(100, undefined, { ref: false })])
  }
}

/**
 * Until the engine's thread is on its way: it takes a dozen small steps on files, and those of loading modules, which are
 * long, would come between them.
 */
async function headStart(connecting: Promise<unknown>): Promise<void> {
  await import('@viewcast/sdk/database')
  await Promise.race([connecting.catch(() => {}), setTimeout(25)])
}

/** A database alone; a configuration is not needed. */
export async function withDatabase<T>(
  invocation: AnyInvocation,
  settings: Settings,
  body: (db: Database) => Promise<T>,
): Promise<T> {
  return await closing(await connectTo(settings, invocation), body)
}

async function connectTo(settings: Settings, { globals, io }: AnyInvocation): Promise<Database> {
  const { value, origin } = settings.database
  if (value.kind === 'unset') {
    const { fail } = await import('@viewcast/sdk')
    return fail('project/variable', { variable: value.variable, origin })
  }
  // Without the rest of the SDK: the embedded engine starts on its own thread while that is loaded.
  const { connect } = await import('@viewcast/sdk/database')
  return await connect(value.target, {
    onNotice: (text) => {
      if (globals.verbose) void io.stderr.write(`notice  ${text}\n`)
    },
  })
}

async function closing<T>(db: Database, body: (db: Database) => Promise<T>): Promise<T> {
  try {
    return await body(db)
  } finally {
    await db.close()
  }
}
