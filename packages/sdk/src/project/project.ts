/** A project: the definitions a module exports, by name. No registry: what is not exported is not in it. */
import {
  type Definition,
  type Diagnostic,
  diagnostic,
  fail,
  isFeatureView,
  nearParameter,
  throwIfErrors,
} from '@viewcast/compiler'
import type { DeploymentDef } from '../define/deployment.ts'
import type { SelectionDef } from '../define/selection.ts'

export interface Project {
  readonly name: string
  /** What relative `.sql` paths are relative to. */
  readonly directory: string
  readonly definitions: ReadonlyMap<string, Definition>
  /** By name, which no definition has. */
  readonly selections: ReadonlyMap<string, SelectionDef>
  /** By name, which no definition and no selection has. */
  readonly deployments: ReadonlyMap<string, DeploymentDef>
}

const kinds = new Set([
  'entity',
  'static',
  'history',
  'window',
  'aggregates',
  'request',
  'sample',
  'target',
  'dataset',
  'model',
])

export const isDefinition = (value: unknown): value is Definition =>
  value !== null &&
  (typeof value === 'object' || typeof value === 'function') &&
  'kind' in value &&
  'name' in value &&
  typeof value.name === 'string' &&
  kinds.has(String(value.kind))

const isSelection = (value: unknown): value is SelectionDef =>
  value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'selection' && 'folds' in value

const isDeployment = (value: unknown): value is DeploymentDef =>
  value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'deployment' && 'as' in value

/**
 * Collects the definitions, selections and deployments among a module's exports, and those they refer to: exporting a model is enough.
 *
 * Errors: `project/duplicate-name`, all of them at once.
 */
export function collectProject(
  exports: Readonly<Record<string, unknown>>,
  options: { readonly directory: string; readonly file: string; readonly name?: string },
): Project {
  const definitions = new Map<string, Definition>()
  const selections = new Map<string, SelectionDef>()
  const deployments = new Map<string, DeploymentDef>()
  const diagnostics: Diagnostic[] = []
  const add = (d: Definition): void => {
    const known = definitions.get(d.name)
    if (known !== undefined) {
      // The same declaration may be met twice as two values; two declarations under one name are a mistake.
      if (known !== d && !sameData(known, d)) diagnostics.push(diagnostic('project/duplicate-name', { name: d.name }))
      return
    }
    definitions.set(d.name, d)
    for (const other of refersTo(d)) add(other)
  }
  for (const value of Object.values(exports)) {
    if (isDefinition(value)) add(value)
    else if (isSelection(value)) {
      const known = selections.get(value.name)
      if (known !== undefined && known !== value && JSON.stringify(known) !== JSON.stringify(value)) {
        diagnostics.push(diagnostic('project/duplicate-name', { name: value.name }))
      }
      selections.set(value.name, value)
      add(value.model)
    } else if (isDeployment(value)) {
      const known = deployments.get(value.name)
      if (known !== undefined && known !== value && JSON.stringify(known) !== JSON.stringify(value)) {
        diagnostics.push(diagnostic('project/duplicate-name', { name: value.name }))
      }
      deployments.set(value.name, value)
      add(value.model)
    }
  }
  for (const name of selections.keys()) {
    if (definitions.has(name)) diagnostics.push(diagnostic('project/duplicate-name', { name }))
  }
  for (const name of deployments.keys()) {
    if (definitions.has(name) || selections.has(name)) diagnostics.push(diagnostic('project/duplicate-name', { name }))
  }
  throwIfErrors(diagnostics)
  return { name: options.name ?? 'project', directory: options.directory, definitions, selections, deployments }
}

const sameData = (a: Definition, b: Definition): boolean => JSON.stringify({ ...a }) === JSON.stringify({ ...b })

function refersTo(d: Definition): Definition[] {
  if (d.kind === 'entity') return []
  if (d.kind === 'model') return [d.dataset]
  if (d.kind === 'dataset') return [d.sample, ...(d.target ? [d.target] : []), ...d.features.map((u) => u.view)]
  // A request view may be of no entity.
  return d.entity.keys.length === 0 ? [] : [d.entity]
}

/** The word users know a kind by. */
export const kindWord = (d: Definition): string => (isFeatureView(d) ? 'feature view' : d.kind)

/**
 * A definition by name, of an expected kind when one is given.
 *
 * Errors: `project/unknown-name` with the nearest name, `project/wrong-kind`.
 */
export function resolveDefinition(project: Project, name: string): Definition
export function resolveDefinition<K extends Definition['kind']>(
  project: Project,
  name: string,
  ...expected: readonly K[]
): Extract<Definition, { kind: K }>
export function resolveDefinition(project: Project, name: string, ...expected: readonly string[]): Definition {
  const found = project.definitions.get(name)
  if (!found) return fail('project/unknown-name', { name, ...nearParameter(name, project.definitions.keys()) })
  if (expected.length > 0 && !expected.includes(found.kind)) {
    fail('project/wrong-kind', { name, kind: kindWord(found), expected: expected.join(' or ') })
  }
  return found
}
