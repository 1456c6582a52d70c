/** The part of the configuration that says where events of runs go. */
import { resolve } from 'node:path'
import { z } from 'zod'

/** OpenLineage events: written with every run once this is there, and sent by `viewcast events send`. */
export interface OpenLineageConfig {
  /** A service that takes them, or the environment variable that holds its URL. Events are posted to `<url>/api/v1/lineage`. */
  readonly url?: string | { readonly env: string }
  /** Instead of a service: a file that they are appended to, one JSON object per line. */
  readonly file?: string
  /** Path below the URL. Default `api/v1/lineage`. */
  readonly endpoint?: string
  /** The environment variable that holds the key, which is sent as `Authorization: Bearer …`. */
  readonly apiKey?: { readonly env: string }
  /** Seconds that one request may take. Default 10. */
  readonly timeout?: number
  /** Namespace of the jobs. Default the project's name. */
  readonly namespace?: string
  /** Namespace of the tables. Default `postgres://host:port` as the database was connected to. */
  readonly database?: string
}

export type EventDestination =
  | {
      readonly kind: 'http'
      readonly url: string
      readonly endpoint?: string
      readonly apiKey?: string
      readonly timeout?: number
    }
  | { readonly kind: 'file'; readonly path: string }
  /** The variable that should hold the URL or the key. */
  | { readonly kind: 'unset'; readonly variable: string }

export interface EventSettings {
  /** How runs are named. */
  readonly names: { readonly namespace?: string; readonly database?: string }
  readonly to: EventDestination
}

const variable = z.strictObject({ env: z.string().min(1) })

const hasSecret = (url: string): boolean =>
  URL.canParse(url) && `${new URL(url).username}${new URL(url).password}` !== ''

export const openLineageSchema = z
  .strictObject({
    url: z
      .union([z.string().min(1), variable])
      .refine((url) => typeof url !== 'string' || !hasSecret(url), 'holds a user or a password; use apiKey: { env }')
      .optional(),
    file: z.string().min(1).optional(),
    endpoint: z.string().min(1).optional(),
    apiKey: variable.optional(),
    timeout: z.number().positive().optional(),
    namespace: z.string().min(1).optional(),
    database: z.string().min(1).optional(),
  })
  .refine((c) => (c.url === undefined) !== (c.file === undefined), 'needs one of url and file')

/** What is declared, with the variables read. An unset one is no reason to lose events: they are written, and wait. */
export function resolveEvents(
  config: OpenLineageConfig | undefined,
  env: Readonly<Record<string, string | undefined>>,
  root: string,
): EventSettings | undefined {
  if (config === undefined) return undefined
  const { namespace, database } = config
  const names = { ...(namespace === undefined ? {} : { namespace }), ...(database === undefined ? {} : { database }) }
  return { names, to: destination(config, env, root) }
}

function destination(
  { url, file, endpoint, apiKey, timeout }: OpenLineageConfig,
  env: Readonly<Record<string, string | undefined>>,
  root: string,
): EventDestination {
  if (url === undefined) return { kind: 'file', path: resolve(root, file ?? '') }
  const address = typeof url === 'string' ? url : env[url.env]
  if (!address) return { kind: 'unset', variable: typeof url === 'string' ? '' : url.env }
  const key = apiKey === undefined ? undefined : env[apiKey.env]
  // Sent without its key, an event would only be refused.
  if (apiKey !== undefined && !key) return { kind: 'unset', variable: apiKey.env }
  return {
    kind: 'http',
    url: address,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(key === undefined ? {} : { apiKey: key }),
    ...(timeout === undefined ? {} : { timeout: timeout * 1000 }),
  }
}
