/** What the commands of the registry work on: the store, and a model of it that was named. */
import type { Database, Project, Store } from '@viewcast/sdk'
import type { Invocation } from '../../command.ts'
import type { Settings } from '../../config/resolve.ts'
import { type Opened, withProject, withStore } from '../../open.ts'
import { namedVersion, readableStore } from '../chosen-model.ts'

export interface Registry {
  readonly settings: Settings
  readonly project: Project
  readonly db: Database
  readonly store: Store
}

type AnyInvocation = Pick<Invocation, 'globals' | 'io' | 'output'>

/** With a store that is there; none is made. Errors: `store/absent`, `store/forbidden`, `store/off`. */
export const readingRegistry = <T>(invocation: AnyInvocation, body: (opened: Registry) => Promise<T>): Promise<T> =>
  withProject(invocation, async (opened) => {
    const { fail, openStore } = await import('@viewcast/sdk')
    const { settings, project, db } = opened
    if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
    const store = (await readableStore(opened)) ?? (await openStore(db, { project: project.name, migrate: 'never' }))
    await adopted({ ...opened, store })
    return body({ ...opened, store })
  })

/** With a store that is written to. */
export const changingRegistry = <T>(invocation: AnyInvocation, body: (opened: Registry) => Promise<T>): Promise<T> =>
  withStore(invocation, async (opened) => {
    await adopted(opened)
    return body(opened)
  })

/** What only files have is registered first, so that it can be listed, promoted and compared. */
async function adopted({ settings, store }: Opened & { readonly store: Store }): Promise<void> {
  const { adoptRecordsIfAllowed, listRecords } = await import('@viewcast/sdk')
  const directory = settings.directory.value
  for (const { model } of await listRecords(directory)) await adoptRecordsIfAllowed(store, directory, model)
}

export interface NamedInRegistry {
  readonly name: string
  /** What was written after the `@`. */
  readonly selector: number | string | undefined
}

/**
 * The model of a reference, which need not be declared any more. Errors: `model/selector`; `project/unknown-name` with the
 * nearest for what is neither registered nor declared, `model/not-trained` for what is only declared.
 */
export async function namedModel({ project, store }: Registry, given: string): Promise<NamedInRegistry> {
  const { fail, listModels, resolveDefinition } = await import('@viewcast/sdk')
  const { name, selector } = await namedVersion(project, given)
  const known = await listModels(store)
  if (known.some((m) => m.model === name)) return { name, selector }
  resolveDefinition(project, name, 'model')
  return fail('model/not-trained', { model: name })
}

/** The number of the version a reference means: the newest where it names none. */
export async function versionNumber(opened: Registry, { name, selector }: NamedInRegistry): Promise<number> {
  if (typeof selector === 'number') return selector
  const { loadModel } = await import('@viewcast/sdk')
  const { record } = await loadModel(opened.store, opened.settings.directory.value, name, selector)
  return record.version
}

/** An instant to the second, as a person reads it; all are UTC. */
export const second = (instant: string | null): string =>
  instant === null ? '' : instant.replace(/(:\d\d)\.\d+/, '$1').replace(/\+00$/, '')
