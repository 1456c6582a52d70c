import type { OpenLineageConfig } from './open-lineage.ts'

/** What `viewcast.config.ts` says. Paths are relative to the file itself. */
export interface Config {
  /** Module or modules whose exports are the definitions; `*` and `**` match as in a shell. */
  readonly project: string | readonly string[]
  /**
   * `postgres://…`, a directory for the embedded engine, or the name of an environment variable that holds either.
   * Default: the embedded engine in `<directory>/data`. A password belongs into the environment, not into this file.
   */
  readonly database?: string | { readonly env: string }
  /** Where trained models and the embedded database live. Default `.viewcast`. */
  readonly directory?: string
  /**
   * Whether runs, models, lineage and the catalog are kept in the schema `viewcast` of the database. Default true; where the
   * role may not write there, commands say so and go on.
   */
  readonly store?: boolean
  /**
   * Where the project is deployed, by name; `--env` chooses one. What an environment does not say, it has from above.
   *
   * ```ts
   * environments: {
   *   staging: { schema: 'scoring_staging' },
   *   production: { database: { env: 'PRODUCTION_URL' }, schema: 'scoring' },
   * }
   * ```
   */
  readonly environments?: Readonly<Record<string, Environment>>
  /** Where OpenLineage events of every run go; default: none are written. */
  readonly openLineage?: OpenLineageConfig
}

export interface Environment {
  /** As that of the configuration, which it replaces. */
  readonly database?: string | { readonly env: string }
  /** Schema of deployments that name none. Default the first of the search path. */
  readonly schema?: string
  /** Whether `apply` makes the schema of a deployment where it is missing. Default false. */
  readonly createSchema?: boolean
}

/**
 * Types the configuration; returns it unchanged.
 *
 * @example
 * // viewcast.config.ts
 * export default defineConfig({ project: './project.ts', database: { env: 'DATABASE_URL' } })
 */
export const defineConfig = (config: Config): Config => config
