/** What is to be served, from names as they are written on a command line. */
import { fail, isViewcastError, type ModelDef } from '@viewcast/compiler'
import type { DeploymentDef } from '../define/deployment.ts'
import { declaredChallengers } from '../deploy/challengers.ts'
import type { Scored } from '../predict/prepared-together.ts'
import { type Project, resolveDefinition } from '../project/project.ts'
import { loadModel } from '../store/registry/load-model.ts'
import { type ModelSelector, modelReference } from '../store/registry/model-selector.ts'
import type { Store } from '../store/store.ts'
import type { ServedModel } from './served-version.ts'

export interface ServedModelsOptions {
  /** Where the records of versions are; default `.viewcast`. */
  readonly directory?: string
  /** Whose deployments are meant; default the one without a name. */
  readonly environment?: string
}

/** The alias that is served where nothing else is said. */
const preferred = 'production'

/**
 * Resolves names to what {@link servePredictions} serves: `model`, `model@3` and `model@alias` give that version, which is
 * followed when an alias moves or a newer version comes; a deployment gives the version that is live in it, and the
 * challengers of that beside it. Without names
 * every model of the project that has a version, at `production` where it has that alias.
 *
 * Errors: `project/unknown-name`, `model/selector`, `model/not-trained`, `model/no-alias`, `serve/nothing`.
 *
 * @example
 * ```ts
 * const models = await servedModels(store, project, ['delay15@production'])
 * ```
 */
export async function servedModels(
  store: Store | undefined,
  project: Project,
  names: readonly string[],
  options: ServedModelsOptions = {},
): Promise<ServedModel[]> {
  const directory = options.directory ?? '.viewcast'
  if (names.length === 0) return everyModel(store, project, directory)
  return names.map((given) => {
    const deployment = project.deployments.get(given)
    if (deployment !== undefined) {
      const version = async (): Promise<ModelSelector> =>
        (store && (await liveVersion(store, given, options.environment ?? ''))) ?? deployment.version ?? undefined
      return {
        name: given,
        model: deployment.model,
        follows: `deployment ${given}`,
        version: async () => (await loadModel(store, directory, deployment.model.name, await version())).record,
        challengers: () => challengersOf(store, project, deployment, { environment: '', ...options, directory }),
        ...(deployment.outputs === null ? {} : { outputs: deployment.outputs }),
      }
    }
    const reference = project.definitions.has(given) ? { model: given } : modelReference(given)
    const model = resolveDefinition(project, reference.model, 'model')
    return following(store, directory, model, 'selector' in reference ? reference.selector : undefined)
  })
}

const following = (
  store: Store | undefined,
  directory: string,
  model: ModelDef,
  selector: ModelSelector,
): ServedModel => ({
  name: model.name,
  model,
  follows: selector === undefined ? 'latest' : String(selector),
  version: async () => (await loadModel(store, directory, model.name, selector)).record,
})

async function everyModel(store: Store | undefined, project: Project, directory: string): Promise<ServedModel[]> {
  const found: ServedModel[] = []
  for (const model of project.definitions.values()) {
    if (model.kind !== 'model') continue
    for (const selector of store ? [preferred, undefined] : [undefined]) {
      const one = following(store, directory, model, selector)
      if (!(await hasVersion(one))) continue
      found.push(one)
      break
    }
  }
  if (found.length === 0) fail('serve/nothing', { project: project.name })
  return found
}

const absent: ReadonlySet<string> = new Set(['model/not-trained', 'model/deleted', 'model/no-alias'])

async function hasVersion({ version }: ServedModel): Promise<boolean> {
  try {
    await version()
    return true
  } catch (error) {
    if (isViewcastError(error) && error.diagnostics.every((d) => absent.has(d.code))) return false
    throw error
  }
}

/** Those that are live in it, in the versions they have there; before it is applied those that are declared. */
async function challengersOf(
  store: Store | undefined,
  project: Project,
  { name, model: own, challengers }: DeploymentDef,
  { directory, environment }: Required<ServedModelsOptions>,
): Promise<Readonly<Record<string, Scored>>> {
  const scored = async (label: string, model: ModelDef, version: ModelSelector) =>
    [label, { model, record: (await loadModel(store, directory, model.name, version)).record }] as const
  const spec = store && (await liveSpec(store, name, environment))
  const all = spec
    ? declaredChallengers(spec).map(({ label, model, version }) => {
        const known = [challengers[label]?.model, own].find((m) => m?.name === model)
        return scored(label, known ?? resolveDefinition(project, model, 'model'), version)
      })
    : Object.entries(challengers).map(([label, { model, version }]) => scored(label, model, version ?? undefined))
  return Object.fromEntries(await Promise.all(all))
}

async function liveSpec(
  { db, project }: Store,
  name: string,
  environment: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const [row] = await db.rows<{ spec: Readonly<Record<string, unknown>> }>(
    `SELECT v.spec FROM viewcast.deployment d JOIN viewcast.deployment_version v ON v.artifact_id = d.artifact_id
     WHERE (d.project, d.name, d.environment) = ($1, $2, $3)`,
    [project, name, environment],
  )
  return row?.spec
}

async function liveVersion({ db, project }: Store, name: string, environment: string): Promise<number | undefined> {
  const [row] = await db.rows<{ version: number | null }>(
    'SELECT model_version AS version FROM viewcast.deployments WHERE (project, name, environment) = ($1, $2, $3)',
    [project, name, environment],
  )
  return row?.version ?? undefined
}
