/** The plan of a whole project: what it declares against what is there. */
import { type Diagnostic, fail, isViewcastError, nearParameter, ViewcastError } from '@viewcast/compiler'
import type { DeploymentDef } from '../define/deployment.ts'
import type { Project } from '../project/project.ts'
import { loadModel } from '../store/registry/load-model.ts'
import type { Store } from '../store/store.ts'
import { type DeployedObject, listDeployments } from './deployed-objects.ts'
import { type PlanOptions, planDeployments, type Wanted } from './plan.ts'
import type { Plan } from './plan-data.ts'
import { toldOnce } from './told-once.ts'

export interface PlanProjectOptions extends Omit<PlanOptions, 'directory' | 'unlessWanted'> {
  /** Only these declarations, or deployments that are declared no more; default all. */
  readonly names?: readonly string[]
  /** Folder of the project's state, with `models/<model>/<version>.json`; default `.viewcast`. */
  readonly models?: string
}

/**
 * Plans everything a project declares for an environment: each deployment with the version it stands for, and the removal of
 * what the project declared there and declares no more. Nothing is changed. What a command alone deployed is left where it is.
 *
 * A change that cannot be applied has `blockers`; what cannot be planned at all is thrown, everything at once.
 *
 * Errors: `deploy/unknown` for a name that is neither declared nor deployed; those of {@link loadModel} for each model without
 * the version; everything wrong with the views.
 *
 * @example
 * ```ts
 * const plan = await planProject(store, project, { environment: 'staging', schema: 'scoring_staging' })
 * for (const { class: kind, name, strategy } of plan.changes) console.log(kind, name, strategy) // append delay15_now in place
 * ```
 */
export async function planProject(store: Store, project: Project, options: PlanProjectOptions = {}): Promise<Plan> {
  return planResolved(store, project, options, (def) => resolved(store, def, options.models))
}

/** Of declarations that stand for no version, `resolve` gives undefined: they are left as they are. */
export async function planResolved(
  store: Store,
  project: Project,
  { names, models: _, ...rest }: PlanProjectOptions,
  resolve: (def: DeploymentDef) => Promise<Wanted | undefined>,
): Promise<Plan> {
  const deployed = (await listDeployments(store, rest.environment ?? '')).filter((d) => d.isDeclared)
  refuseUnknown(names, project, deployed)
  const isMeant = (name: string): boolean => names === undefined || names.includes(name)
  const wanted: Wanted[] = []
  const problems: Diagnostic[] = []
  for (const def of project.deployments.values()) {
    if (!isMeant(def.name)) continue
    try {
      const one = await resolve(def)
      if (one) wanted.push(one)
    } catch (e) {
      if (!isViewcastError(e)) throw e
      problems.push(...e.diagnostics)
    }
  }
  if (problems.length > 0) throw new ViewcastError(toldOnce(problems))
  // Of a name that is declared, the object it had elsewhere goes; of others only if all are meant, or this one is.
  const isGone = (d: DeployedObject): boolean => isMeant(d.name)
  const isLeft = (d: DeployedObject): boolean =>
    project.deployments.has(d.name) && !wanted.some(({ def }) => def.name === d.name)
  return planDeployments(store, wanted, {
    ...rest,
    directory: project.directory,
    unlessWanted: deployed.filter((d) => isGone(d) && !isLeft(d)),
  })
}

/** A declaration with the version it stands for in a store. */
export async function resolved(store: Store, def: DeploymentDef, models = '.viewcast'): Promise<Wanted> {
  const { record, warnings } = await loadModel(store, models, def.model.name, def.version ?? undefined)
  const found = await Promise.all(
    Object.entries(def.challengers).map(
      async ([label, { model, version }]) =>
        [label, await loadModel(store, models, model.name, version ?? undefined)] as const,
    ),
  )
  return {
    def,
    record,
    isDeclared: true,
    challengers: Object.fromEntries(found.map(([label, one]) => [label, one.record])),
    warnings: [...warnings, ...found.flatMap(([, one]) => one.warnings)],
  }
}

/** Few names are said; of many the command that lists them is. */
const knownParameter = (known: readonly string[]): { known?: string } =>
  known.length === 0 || known.length > 8 ? {} : { known: [...new Set(known)].join(', ') }

function refuseUnknown(
  names: readonly string[] | undefined,
  { deployments, definitions }: Project,
  deployed: readonly DeployedObject[],
): void {
  const known = [...deployments.keys(), ...deployed.map((d) => d.name)]
  const unknown = names?.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const kind = definitions.get(unknown.replace(/@.*$/, ''))?.kind
  fail('deploy/unknown', {
    name: unknown,
    ...(kind === 'model' ? { kind } : {}),
    ...nearParameter(unknown, known),
    ...knownParameter(known),
  })
}
