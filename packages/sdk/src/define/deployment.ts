import { type Documented, fail, type ModelDef, nearest, type OutputChoice } from '@viewcast/compiler'
import { type Documentation, documented } from './documentation.ts'
import { checkedName } from './name.ts'
import { checkedOutputs } from './outputs.ts'

/** `view`: every entity, computed when it is read. `table`: kept rows that a refresh brings up to date. `function`: a row for the key given. */
export type DeploymentKind = 'view' | 'table' | 'function'

/**
 * How a table is brought up to date. `full`: all of its rows anew, one per key. `partition`: those of one instant, the others
 * stay. `upsert`: one row per key; it is overwritten when its prediction is another one, and added when it is not there.
 */
export type RefreshKind = 'full' | 'partition' | 'upsert'

/** A version that is scored beside the one that is deployed. */
export interface ChallengerDef {
  readonly model: ModelDef
  /** Version number, alias, or null for the newest version. */
  readonly version: number | string | null
}

/** An object that a database should have, which carries the prediction query of a model. */
export interface DeploymentDef extends Documented {
  readonly kind: 'deployment'
  readonly name: string
  readonly model: ModelDef
  readonly as: DeploymentKind
  /** Version number, alias, or null for the newest version. */
  readonly version: number | string | null
  /** Null for that of the environment, or the first of the search path. */
  readonly schema: string | null
  /** ISO instant; null for the start of each transaction that reads it. */
  readonly at: string | null
  /** Null for those of the record. */
  readonly outputs: readonly OutputChoice[] | null
  /** Of a table. */
  readonly refresh: RefreshKind | null
  /** Of a table by `upsert`: what becomes of rows whose key has no prediction any more. */
  readonly vanished: 'keep' | 'delete' | null
  /** Roles that may read it, or call it. */
  readonly readers: readonly string[]
  /** Role that owns it; null for whoever deploys it first. */
  readonly owner: string | null
  /** With whose privileges, and under whose row-level security, a view reads its tables. */
  readonly security: 'invoker' | 'owner'
  /** Of a view: new name → old name of a column that is the same under another name. */
  readonly renamed: Readonly<Record<string, string>>
  /** By the label that starts the names of their columns. */
  readonly challengers: Readonly<Record<string, ChallengerDef>>
}

export interface DeploymentOptions extends Documentation {
  readonly model: ModelDef
  /** `view` by default. */
  readonly as?: DeploymentKind
  /** Version number or alias; by default the newest version when it is planned. */
  readonly version?: number | string
  /** That of the environment by default, else the first of the search path. */
  readonly schema?: string
  /** ISO instant with a zone a view predicts at; by default the start of each transaction that reads it. */
  readonly at?: string
  /** Output columns instead of those the model has. */
  readonly outputs?: readonly OutputChoice[]
  /** How a table is brought up to date; `full` by default. */
  readonly refresh?: RefreshKind
  /** Of `refresh: 'upsert'`: rows whose key has no prediction any more stay (`keep`, the default), or go (`delete`). */
  readonly vanished?: 'keep' | 'delete'
  /** Roles that may read it, or call it. Grants that others gave stay, too. */
  readonly readers?: readonly string[]
  /** Role that owns it; by default it stays with whoever owns it, or deploys it first. */
  readonly owner?: string
  /**
   * `invoker` by default: who reads a view reads its tables with his own privileges and row-level security. `owner`: with
   * those of the view's owner, so that readers need no access to the tables. Of a view.
   */
  readonly security?: 'invoker' | 'owner'
  /** Of a view: `{ new: 'old' }` for a column that is the same under another name; views that read it go on. */
  readonly renamed?: Readonly<Record<string, string>>
  /**
   * Versions scored beside this one by the same query, as a version number, an alias, or another model of the same entity. Their columns stand behind those of the model, named by the label: `{ next: 'candidate' }` adds
   * `next_probability`. Readers of the other columns see no difference.
   */
  readonly challengers?: Readonly<
    Record<string, number | string | { readonly model: ModelDef; readonly version?: number | string }>
  >
}

export type DefineDeployment = (name: string, options: DeploymentOptions) => DeploymentDef

const optionNames: Readonly<Record<keyof DeploymentOptions, true>> = {
  ...{ model: true, as: true, version: true, schema: true, at: true, outputs: true, refresh: true, vanished: true },
  ...{ readers: true, owner: true, security: true, renamed: true, challengers: true },
  ...{ description: true, tags: true, updateFrequency: true, sla: true },
}

const choices: Readonly<Record<'as' | 'refresh' | 'vanished' | 'security', readonly string[]>> = {
  as: ['view', 'table', 'function'],
  refresh: ['full', 'partition', 'upsert'],
  vanished: ['keep', 'delete'],
  security: ['invoker', 'owner'],
}

/** Declares a deployment; see the method `deployment` of a project. */
export const defineDeployment: DefineDeployment = (name, options) => {
  const as = options.as ?? 'view'
  const what = `deployment "${name}"`
  const wrong = (option: string, detail: string, hint: string): never =>
    fail('define/option', { option, what, detail, hint })
  // Projects are run without being type-checked: what is misspelt here would be what is deployed.
  for (const option of Object.keys(options)) {
    if (option in optionNames) continue
    const near = nearest(option, Object.keys(optionNames))
    wrong(
      option,
      'is no option',
      near ? `Did you mean "${near}"?` : `There are: ${Object.keys(optionNames).join(', ')}.`,
    )
  }
  for (const [option, values] of Object.entries(choices)) {
    const given = options[option as keyof typeof choices]
    if (given === undefined || values.includes(given)) continue
    const near = nearest(String(given), values)
    wrong(option, `is none of ${values.join(', ')}`, near ? `Did you mean "${near}"?` : `Write one of them.`)
  }
  // The letters of a text would be so many roles.
  if (options.readers !== undefined && !Array.isArray(options.readers))
    wrong('readers', 'is no list of roles', "Write readers: ['dashboard'].")
  if (options.model?.kind !== 'model') wrong('model', 'is no model', "Name one: model, as p.model('…') gives it.")
  if (options.refresh !== undefined && as !== 'table')
    wrong('refresh', `is of a table, not of a ${as}`, "Set as: 'table'.")
  if (options.vanished !== undefined && options.refresh !== 'upsert')
    wrong('vanished', 'is of a table that is refreshed by upsert', "Set refresh: 'upsert'.")
  if (options.at !== undefined && as === 'function') wrong('at', 'is a parameter of the call', 'Leave it out.')
  for (const option of ['security', 'renamed'] as const)
    if (options[option] !== undefined && as !== 'view') wrong(option, `is of a view, not of a ${as}`, 'Leave it out.')
  const renamed = Object.entries(options.renamed ?? {})
  const twice = renamed.find(([, old], i) => renamed.findIndex(([, other]) => other === old) < i)
  if (twice) wrong('renamed', `names "${twice[1]}" twice`, 'A column becomes one other.')
  const challengers = Object.entries(options.challengers ?? {}).map(([label, given]) => {
    const { model, version } = typeof given === 'object' ? given : { model: options.model, version: given }
    return [checkedName('challenger', label), Object.freeze({ model, version: version ?? null })] as const
  })
  return Object.freeze({
    kind: 'deployment',
    name: checkedName('deployment', name),
    model: options.model,
    as,
    version: options.version ?? null,
    schema: options.schema ?? null,
    at: options.at ?? null,
    outputs: options.outputs === undefined ? null : checkedOutputs(what, options.outputs),
    refresh: as === 'table' ? (options.refresh ?? 'full') : null,
    vanished: options.refresh === 'upsert' ? (options.vanished ?? 'keep') : null,
    readers: [...new Set(options.readers)],
    owner: options.owner ?? null,
    security: options.security ?? 'invoker',
    renamed: options.renamed ?? {},
    challengers: Object.fromEntries(challengers),
    ...documented(options),
  })
}
