/** One request of MLflow's REST API → one response, over the store. No sockets here. */
import { isViewcastError } from '@viewcast/compiler'
import { isDatabaseError } from '../database/database-error.ts'
import type { Store } from '../store/store.ts'
import { aliasRoutes } from './aliases.ts'
import { artifactRoutes, deleteProxied, downloadProxied, listProxied, uploadProxied } from './artifacts.ts'
import { experimentRoutes } from './experiments.ts'
import { type MlflowCode, MlflowFailure, refuse } from './failure.ts'
import { inputRoutes } from './inputs.ts'
import { limits } from './limits.ts'
import { loggingRoutes } from './logging.ts'
import { metricRoutes } from './metrics.ts'
import { modelVersionRoutes } from './model-versions.ts'
import { parseBody, parseQuery, readMessage } from './proto-json.ts'
import { registeredModelRoutes } from './registered-models.ts'
import type { Route } from './route.ts'
import { runRoutes } from './runs.ts'
import { searchExperimentRoutes } from './search-experiments.ts'
import { searchModelRoutes } from './search-models.ts'
import { searchRunRoutes } from './search-runs.ts'

export interface MlflowRequest {
  readonly method: string
  /** Percent-decoded, beginning with `/`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Uint8Array
  readonly mediaType?: string | undefined
}

export interface MlflowResponse {
  readonly status: number
  readonly mediaType: string
  readonly body: string | Uint8Array
}

export interface RespondOptions {
  /** Called with what is no client's fault; the client is told no more than that it happened. */
  readonly onError?: (error: unknown) => void
}

const routes: readonly Route[] = [
  ...experimentRoutes,
  ...runRoutes,
  ...loggingRoutes,
  ...inputRoutes,
  ...metricRoutes,
  ...artifactRoutes,
  ...registeredModelRoutes,
  ...aliasRoutes,
  ...modelVersionRoutes,
  ...searchExperimentRoutes,
  ...searchRunRoutes,
  ...searchModelRoutes,
]

const byPath = new Map<string, readonly Route[]>(
  [...new Set(routes.map((r) => r.path))].map((path) => [path, routes.filter((r) => r.path === path)]),
)

/** The version of MLflow whose API this is; a version in Python's sense, so that clients can compare it. */
const apiVersion = '2.22.0+viewcast'

/** Clients of MLflow 3 ask for it before they use what is newer than 2.0. */
const serverInfo = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: false,
  multipart_downloads_enabled: false,
}

/**
 * Answers a request of an MLflow client; never throws.
 *
 * @example
 * ```ts
 * await respond(store, { method: 'GET', path: '/health', query: new URLSearchParams(), body: new Uint8Array() })
 * // { status: 200, mediaType: 'text/plain; charset=utf-8', body: 'OK' }
 * ```
 */
export async function respond(
  store: Store,
  request: MlflowRequest,
  options: RespondOptions = {},
): Promise<MlflowResponse> {
  try {
    return await answer(store, request)
  } catch (error) {
    const failure = failureOf(error)
    if (failure.code === 'INTERNAL_ERROR') options.onError?.(error)
    return json({ error_code: failure.code, message: failure.message }, failure.status)
  }
}

export const json = (value: unknown, status = 200): MlflowResponse => ({
  status,
  mediaType: 'application/json',
  body: JSON.stringify(value),
})

const plain = (body: string): MlflowResponse => ({ status: 200, mediaType: 'text/plain; charset=utf-8', body })

const apis = /^\/(?:ajax-)?api\/[23]\.0\/(?:preview\/)?mlflow\/(.+?)\/?$/
const proxied = /^\/(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts(?:\/(.*))?$/

async function answer(store: Store, request: MlflowRequest): Promise<MlflowResponse> {
  const { path } = request
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (path === '/health' && method === 'GET') return plain('OK')
  if (path === '/version' && method === 'GET') return plain(apiVersion)
  const file = proxied.exec(path)
  if (file) return artifact(store, method, file[1] ?? '', request)
  const name = apis.exec(path)?.[1]
  if (name === 'server-info' && method === 'GET') return json(serverInfo)
  const found = name === undefined ? undefined : byPath.get(name)
  if (name === undefined || found === undefined)
    return refuse('ENDPOINT_NOT_FOUND', `No API found for '${method} ${path}'`)
  const wanted = found.find((r) => r.methods.some((m) => m === method))
  if (!wanted) return refuse('ENDPOINT_NOT_FOUND', `'${path}' does not take ${method}`, 405)
  const { body } = request
  if (name === 'runs/log-batch' && body.byteLength > limits.batchBytes) {
    refuse(
      'INVALID_PARAMETER_VALUE',
      `Batched logging API requests must be at most ${limits.batchBytes} bytes, got a request of size ${body.byteLength}.`,
    )
  }
  // Python's client puts the fields of DELETE into the body, others into the query.
  const isQuery = method === 'GET' || (method === 'DELETE' && body.byteLength === 0)
  const message = isQuery ? parseQuery(request.query) : parseBody(body)
  return json(await wanted.handle(store, readMessage(wanted.request, message)))
}

async function artifact(store: Store, method: string, path: string, request: MlflowRequest): Promise<MlflowResponse> {
  if (method === 'GET' && path === '') return json(await listProxied(store, request.query.get('path') ?? ''))
  if (method === 'GET') {
    const { content, mediaType } = await downloadProxied(store, path)
    return { status: 200, mediaType, body: content }
  }
  if (method === 'PUT') {
    await uploadProxied(store, path, request.body, request.mediaType)
    return json({})
  }
  if (method === 'DELETE') {
    await deleteProxied(store, path)
    return json({})
  }
  return refuse('ENDPOINT_NOT_FOUND', `'${request.path}' does not take ${method}`, 405)
}

/** Codes of ours that MLflow has a word for; others are about what was asked. */
const ownCodes: Readonly<Record<string, MlflowCode>> = {
  'run/not-active': 'RESOURCE_DOES_NOT_EXIST',
  'run/file': 'RESOURCE_DOES_NOT_EXIST',
  'experiment/not-found': 'RESOURCE_DOES_NOT_EXIST',
  'experiment/exists': 'RESOURCE_ALREADY_EXISTS',
  'model/not-trained': 'RESOURCE_DOES_NOT_EXIST',
}

/** What was refused is told in the words it was refused with; anything else only that it failed. */
function failureOf(error: unknown): MlflowFailure {
  if (error instanceof MlflowFailure) return error
  if (isViewcastError(error)) {
    const message = error.diagnostics
      .map((d) => (d.hint === undefined ? d.message : `${d.message}. ${d.hint}`))
      .join('\n')
    const known = error.diagnostics.map((d) => ownCodes[d.code])
    return new MlflowFailure(known[0] ?? 'INVALID_PARAMETER_VALUE', message)
  }
  // Class 22 is about values: a NUL in text, a time out of range. The database's sentence may quote them.
  if (isDatabaseError(error) && error.sqlState.startsWith('22')) {
    return new MlflowFailure('INVALID_PARAMETER_VALUE', 'The database cannot keep a value of the request.')
  }
  if (isDatabaseError(error) && error.sqlState === '42501') {
    return new MlflowFailure('PERMISSION_DENIED', 'The role that serves may not do this.')
  }
  // Deadlock, serialisation, connection: another try can succeed.
  if (isDatabaseError(error) && /^(40|08|57P)/.test(error.sqlState)) {
    return new MlflowFailure('TEMPORARILY_UNAVAILABLE', 'The database is not available now.')
  }
  return new MlflowFailure('INTERNAL_ERROR', 'The server failed; its log says more.')
}
