/** What `plan` and `apply` are about: everything that is declared, some of it, or a model that was named. */
import type { Database, DeploymentKind, Plan, PlanOptions, Project, Store } from '@viewcast/sdk'
import { z } from 'zod'
import type { Invocation } from '../command.ts'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/resolve.ts'
import { withDatabase } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import type { Output } from '../render/output.ts'
import { namedVersion } from './chosen-model.ts'
import { type InsightRequest, insightOf, insightOptions } from './insight-options.ts'

/** Options of both. */
export const planOptions = {
  as: z.enum(['view', 'table', 'function']).optional().describe('What to make of a model that is named, not declared'),
  name: z.string().optional().meta({
    value: 'schema.name',
    description: "Name of the object of a model that is named; the model's own when absent",
  }),
  at: z.string().optional().meta({ value: 'instant', description: 'With --as: as of this instant' }),
  exact: z
    .boolean()
    .default(false)
    .describe('Exactly the columns that are declared: no columns of NULLs for those that went, by a swap if need be'),
  leaveDependents: z
    .boolean()
    .default(false)
    .describe('What others made of an object that is exchanged may stay with the old one, which is kept'),
  createSchema: z.boolean().default(false).describe('Make the schema of a deployment where it is missing'),
  ...insightOptions,
}

type AnyInvocation = Pick<Invocation, 'globals' | 'io' | 'output'>

interface Opened {
  readonly settings: Settings
  readonly project: Project
  readonly db: Database
  readonly store: Store
}

export interface PlanRequest extends InsightRequest {
  /** Deployments, or with `as` one model: `delay15@3`. */
  readonly names: readonly string[]
  readonly as?: DeploymentKind | undefined
  readonly name?: string | undefined
  readonly at?: string | undefined
  readonly version?: number | undefined
  readonly exact: boolean
  readonly leaveDependents: boolean
  readonly createSchema: boolean
  readonly signal?: AbortSignal | undefined
  /** Environment whose live versions are meant. */
  readonly from?: string | undefined
}

/** Errors: those of `planProject`; `UsageError`. */
export async function planned(opened: Opened, request: PlanRequest, invocation: AnyInvocation): Promise<Plan> {
  const { planProject } = await import('@viewcast/sdk')
  const { output } = invocation
  const { settings, project, store } = opened
  const total = request.names.length === 0 ? project.deployments.size : request.names.length
  const options = optionsOf(settings, request, total, output)
  const models = settings.directory.value
  if (request.as !== undefined && request.from !== undefined)
    throw new UsageError('--from is for what is declared, not for --as')
  if (settings.environment.value === '' && settings.environments.length > 0 && request.as === undefined) {
    const names = settings.environments.join(', ')
    await output.note(`no environment is chosen, so this is the one without a name; --env takes: ${names}`)
  }
  if (request.as !== undefined) return ofModel(opened, request, request.as, options)
  for (const option of ['name', 'at', 'version'] as const) {
    if (request[option] !== undefined) throw new UsageError(`--${option} is for a model that is named: pass --as, too`)
  }
  const { names, from } = request
  output.progress.step('plan', total)
  const all = { ...options, models, ...(names.length === 0 ? {} : { names }) }
  if (from === undefined) return planProject(store, project, all)
  const { openStoreToRead, planPromotion, fail } = await import('@viewcast/sdk')
  const source = await loadSettings({ ...invocation.globals, env: from, database: undefined }, invocation.io)
  const promoted = async (db: Database): Promise<Plan> => {
    const there = db === opened.db ? store : await openStoreToRead(db, { project: project.name })
    if (!there) return fail('store/absent', { database: db.description })
    return planPromotion(store, project, { ...all, from: { store: there, environment: from } })
  }
  // A directory of the embedded engine is opened once.
  return isSame(source, settings) ? promoted(opened.db) : withDatabase(invocation, source, promoted)
}

const isSame = (a: Settings, b: Settings): boolean =>
  a.database.value.kind === 'target' &&
  b.database.value.kind === 'target' &&
  a.database.value.target === b.database.value.target

/** Where the environment that was chosen has its deployments. */
export const placeOf = ({ environment, schema, createSchema }: Settings): PlanOptions => ({
  environment: environment.value,
  ...(schema.value === undefined ? {} : { schema: schema.value }),
  createSchema: createSchema.value,
})

function optionsOf(settings: Settings, request: PlanRequest, total: number, output: Output): PlanOptions {
  const seen = new Set<string>()
  return {
    ...placeOf(settings),
    ...(request.createSchema ? { createSchema: true } : {}),
    isExact: request.exact,
    leaveDependents: request.leaveDependents,
    ...insightOf(request),
    ...(request.signal ? { signal: request.signal } : {}),
    onProgress: (part, deployment) => {
      seen.add(deployment)
      output.progress.at(seen.size, Math.max(total, seen.size), `${deployment}: ${part}`)
    },
  }
}

async function ofModel(
  { settings, project, store }: Opened,
  request: PlanRequest,
  as: DeploymentKind,
  options: PlanOptions,
): Promise<Plan> {
  const { deploymentOf, loadModel, planDeployments, resolveDefinition } = await import('@viewcast/sdk')
  const [given, ...more] = request.names
  if (given === undefined || more.length > 0)
    throw new UsageError('--as is for one model: viewcast plan delay15@3 --as view')
  const named = await namedVersion(project, given, request.version)
  const model = resolveDefinition(project, named.name, 'model')
  const { record, warnings } = await loadModel(store, settings.directory.value, named.name, named.selector)
  const name = request.name ?? model.name
  const def = deploymentOf(name, { model, as, ...(request.at === undefined ? {} : { at: request.at }) })
  // A name with a schema says where it is; one without is where the environment has its deployments.
  const { schema: _, ...anywhere } = options
  return planDeployments(store, [{ def, record, isDeclared: project.deployments.has(name), warnings }], {
    ...(name.includes('.') ? anywhere : options),
    directory: project.directory,
  })
}
