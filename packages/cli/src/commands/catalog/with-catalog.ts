import type { Database, Project, Store } from '@viewcast/sdk'
import type { Invocation } from '../../command.ts'
import { withProject } from '../../open.ts'

/** The project and the store as it is: looking something up makes no store. Errors: `store/absent`, `store/off`. */
export const withCatalog = <T>(
  invocation: Pick<Invocation, 'globals' | 'io' | 'output'>,
  body: (opened: { readonly project: Project; readonly db: Database; readonly store: Store }) => Promise<T>,
): Promise<T> =>
  withProject(invocation, async ({ settings, project, db }) => {
    const { fail, openStore } = await import('@viewcast/sdk')
    if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
    return body({ project, db, store: await openStore(db, { project: project.name, migrate: 'never' }) })
  })
