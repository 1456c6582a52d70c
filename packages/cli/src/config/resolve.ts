/** Settings with their origins: default < file < environment < flag, decided here and nowhere else. */
import { dirname, join, resolve } from 'node:path'
import { shown } from '../render/path.ts'
import type { Config, Environment } from './define.ts'
import { type EventSettings, resolveEvents } from './open-lineage.ts'

export interface Setting<T> {
  readonly value: T
  /** Who said so: `default`, the configuration file, `VIEWCAST_DATABASE` or `--database`. */
  readonly origin: string
}

/** Where the database is, or the variable that should say so and is not set. */
export type DatabaseTarget =
  | { readonly kind: 'target'; readonly target: string }
  | { readonly kind: 'unset'; readonly variable: string }

export interface Settings {
  /** Undefined when there is no configuration: fine for what needs a database only. */
  readonly configFile: string | undefined
  /** Folder of the configuration, or the working directory. */
  readonly root: string
  readonly project: Setting<readonly string[]>
  readonly database: Setting<DatabaseTarget>
  /** Name of the environment; `''` where none is chosen. */
  readonly environment: Setting<string>
  /** Those that are declared. */
  readonly environments: readonly string[]
  /** Schema of deployments that name none; undefined for the first of the search path. */
  readonly schema: Setting<string | undefined>
  /** Whether a schema that is missing is made. */
  readonly createSchema: Setting<boolean>
  /** Absolute path of the folder for models and the embedded database. */
  readonly directory: Setting<string>
  /** Whether anything is kept in the database. */
  readonly store: Setting<boolean>
  /** How OpenLineage events are written, and where they go; undefined: none are. */
  readonly openLineage: Setting<EventSettings | undefined>
}

export interface SettingSources {
  readonly configFile: string | undefined
  readonly config: Config | undefined
  readonly flags: { readonly database?: string | undefined; readonly environment?: string | undefined }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

export const databaseVariable = 'VIEWCAST_DATABASE'
const environmentVariable = 'VIEWCAST_ENV'

/** The environment that was named, and where; undefined where none was. */
export function chosenEnvironment({
  flags,
  env,
}: Pick<SettingSources, 'flags' | 'env'>): { readonly name: string; readonly origin: string } | undefined {
  if (flags.environment !== undefined) return { name: flags.environment, origin: '--env' }
  const name = env[environmentVariable]
  return name ? { name, origin: environmentVariable } : undefined
}

export function resolveSettings(sources: SettingSources): Settings {
  const { config, configFile, cwd } = sources
  const root = configFile === undefined ? cwd : dirname(configFile)
  const file = configFile === undefined ? 'default' : shown(configFile, cwd)
  const directory: Setting<string> =
    config?.directory === undefined
      ? { value: join(root, '.viewcast'), origin: 'default' }
      : { value: resolve(root, config.directory), origin: file }
  const chosen = chosenEnvironment(sources)
  const own = chosen && config?.environments?.[chosen.name]
  const inside = chosen && `${file}, environment ${chosen.name}`
  const said = (value: unknown): string => (value === undefined ? 'default' : (inside ?? file))
  const project = config === undefined ? [] : typeof config.project === 'string' ? [config.project] : config.project
  return {
    configFile,
    root,
    project: { value: project, origin: file },
    directory,
    store: config?.store === undefined ? { value: true, origin: 'default' } : { value: config.store, origin: file },
    openLineage: { value: resolveEvents(config?.openLineage, sources.env, root), origin: file },
    environments: Object.keys(config?.environments ?? {}),
    environment: { value: chosen?.name ?? '', origin: chosen?.origin ?? 'default' },
    schema: { value: own?.schema, origin: said(own?.schema) },
    createSchema: { value: own?.createSchema ?? false, origin: said(own?.createSchema) },
    database: resolveDatabase(sources, root, file, directory.value, own),
  }
}

function resolveDatabase(
  sources: SettingSources,
  root: string,
  file: string,
  directory: string,
  environment: Environment | undefined,
): Setting<DatabaseTarget> {
  const { flags, env, config, cwd } = sources
  const at = (value: string, base: string): DatabaseTarget => ({ kind: 'target', target: absolute(value, base) })
  if (flags.database !== undefined) return { value: at(flags.database, cwd), origin: '--database' }
  const override = env[databaseVariable]
  // --env production is about that database: a variable that happens to be set does not turn it into another.
  const isMeant = flags.environment !== undefined && environment?.database !== undefined
  if (override && !isMeant) return { value: at(override, cwd), origin: databaseVariable }
  const declared = environment?.database ?? config?.database
  if (declared === undefined) return { value: at(join(directory, 'data'), root), origin: 'default' }
  if (typeof declared === 'string') return { value: at(declared, root), origin: file }
  const named = env[declared.env]
  // Falling back to the embedded engine would train on the wrong data without a word.
  if (!named) return { value: { kind: 'unset', variable: declared.env }, origin: file }
  return { value: at(named, root), origin: `${declared.env} (named in ${file})` }
}

const absolute = (target: string, base: string): string =>
  /^([a-z][a-z0-9+.-]*:\/\/|memory:$)/i.test(target) ? target : resolve(base, target)
