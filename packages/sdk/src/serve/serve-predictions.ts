/** Predictions over HTTP, for those who need an endpoint. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fail } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type AccessProblem, type AccessRule, accessProblem, isLoopback } from '../http/access.ts'
import { listening } from '../http/listening.ts'
import type { Listening } from '../http/open-server.ts'
import { readBody } from '../http/read-body.ts'
import { requestUrl } from '../http/request-url.ts'
import { following } from './following.ts'
import { gate } from './gate.ts'
import { metrics } from './metrics.ts'
import { problemBody, Refusal, refusalOf } from './problem.ts'
import { isOpenPath, type Predicted, type PredictionAnswer, respond, routeOf, type Serving } from './respond.ts'
import type { ServedModel } from './served-version.ts'

export interface ServePredictionsOptions {
  /** Where to listen; default `127.0.0.1`, which only this machine reaches. */
  readonly host?: string
  /** Default 8080; 0 takes any that is free. */
  readonly port?: number
  /** Asked of clients when given, as a bearer token; needed for hosts that others reach. */
  readonly token?: string
  /** Name of the environment variable that holds the token, for messages; default `VIEWCAST_SERVE_TOKEN`. */
  readonly tokenVariable?: string
  /** Predictions at work at once; default 8 on a server, 1 on the embedded engine. As many sessions should be there. */
  readonly running?: number
  /** Requests that may wait for their turn; those beyond are answered with 503 at once. Default 100. */
  readonly waiting?: number
  /** Milliseconds for a prediction, waiting included; default 5,000. */
  readonly timeout?: number
  /**
   * Milliseconds of `timeout` that the statement may take where it scores challengers as well; then the model is asked alone.
   * Default a quarter. Nobody is stopped on the embedded engine, which has one session.
   */
  readonly challengerTimeout?: number
  /** Questions in one request; default 1,000. */
  readonly maxBatch?: number
  /** Largest body, in bytes; default 1 MiB. */
  readonly bodyLimit?: number
  /** Milliseconds between two looks for another version; 0 for none. Default 5,000. */
  readonly follow?: number
  /** Milliseconds that requests under way have to end when the server is closed; default 10,000. */
  readonly grace?: number
  /** What relative `.sql` paths of the definitions are relative to. */
  readonly directory?: string
  /** Whether `onPredicted` is given what each prediction was made from. Default false. */
  readonly withInputs?: boolean
  /** Called with what was predicted, once the answer is made; nothing waits for it. */
  readonly onPredicted?: (predicted: Predicted) => unknown
  /** Called after each answer. */
  readonly onRequest?: (entry: AccessEntry) => void
  /** Called when another version is served from now on. */
  readonly onChange?: (name: string, version: number, before: number) => void
  /** Called when challengers fail, or take too long, for the first time in a row: the model has answered alone. */
  readonly onChallengersFailed?: (name: string, reason: 'failed' | 'slow', error: unknown) => void
  /** Called with what is no client's fault, under the id of its request; the client is told no more than that it happened. */
  readonly onError?: (error: unknown, requestId?: string) => void
}

/** What a log keeps of a request: nothing of what was asked and answered. */
export interface AccessEntry {
  readonly time: string
  readonly id: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly ms: number
  readonly code?: string
  readonly model?: string
  readonly version?: number
  readonly rows?: number
}

export interface PredictionServer extends Listening {
  /** Looks now for other versions, rather than at the next time. */
  look(): Promise<void>
}

/**
 * Serves predictions: keys or request rows in, predictions out, each request by one prepared statement.
 *
 * `POST /v1/models/{name}/predict` takes `{ keys: [{ … }], as_of? }`, or `rows` where questions bring more than keys; `GET` of
 * the same path one key. `/v1/models`, `/openapi.json`, `/healthz`, `/readyz` and `/metrics` say the rest. A version is served
 * once its verification rows agree on this engine; another version, of an alias that moved, takes its place without a request
 * being lost.
 *
 * Errors: `serve/token` for a host that others reach, without a token; `serve/address`; `serve/name`; those of compiling the
 * prediction queries; `deploy/verification`.
 *
 * @example
 * ```ts
 * const server = await servePredictions(db, [{ name: 'delay15', model, version: async () => record }])
 * await fetch(`${server.url}/v1/models/delay15/predict?origin=JFK`)
 * // { "model": "delay15", "version": 3, "prediction": { "key": { "origin": "JFK" }, "as_of": …, "outputs": { … }, "known": true } }
 * await server.close()
 * ```
 */
export async function servePredictions(
  db: Database,
  served: readonly ServedModel[],
  options: ServePredictionsOptions = {},
): Promise<PredictionServer> {
  const host = options.host ?? '127.0.0.1'
  const isLocal = isLoopback(host)
  if (!isLocal && !options.token) {
    fail('serve/token', { host, variable: options.tokenVariable ?? 'VIEWCAST_SERVE_TOKEN' })
  }
  const models = await following(db, served, {
    maxBatch: options.maxBatch ?? 1000,
    withFeatures: options.withInputs ?? false,
    every: options.follow ?? 5_000,
    ...(options.directory === undefined ? {} : { directory: options.directory }),
    onChange: (after, before) => options.onChange?.(after.served.name, after.record.version, before.record.version),
    onError: (error) => options.onError?.(error),
  })
  let isDraining = false
  const counters = metrics()
  const serving: Serving = {
    db,
    models,
    gate: gate({
      running: options.running ?? (db.engine === 'pglite' ? 1 : 8),
      waiting: options.waiting ?? 100,
    }),
    metrics: counters,
    url: () => server.url,
    hasToken: Boolean(options.token),
    timeout: options.timeout ?? 5_000,
    patience: options.challengerTimeout ?? (options.timeout ?? 5_000) / 4,
    onChallengersFailed: ({ served: { name } }, reason, error) => options.onChallengersFailed?.(name, reason, error),
    isDraining: () => isDraining,
    onPredicted: options.onPredicted && quiet(options.onPredicted, options.onError),
  }
  const handling: Handling = { ...options, rule: { isLocal, token: options.token || undefined }, serving }
  const server = await listening((incoming, outgoing) => void handle(incoming, outgoing, handling), {
    host,
    port: options.port ?? 8080,
    requestTimeout: 30_000,
    grace: options.grace ?? 10_000,
  }).catch(async (error: unknown) => {
    await models.stop()
    throw error
  })
  return {
    ...server,
    look: () => models.look(),
    async close() {
      isDraining = true
      await server.close()
      await models.stop()
    },
  }
}

/** Whoever keeps predictions must not fail the requests they were made for. */
const quiet =
  (keep: (predicted: Predicted) => unknown, onError: ServePredictionsOptions['onError']) =>
  async (predicted: Predicted): Promise<void> => {
    try {
      await keep(predicted)
    } catch (error) {
      onError?.(error, predicted.requestId)
    }
  }

interface Handling extends ServePredictionsOptions {
  readonly rule: AccessRule
  readonly serving: Serving
}

const accessDetails: Readonly<Record<AccessProblem, readonly [status: number, detail: string, hint: string]>> = {
  host: [403, 'its Host is not the name of this machine', 'This server is local: ask 127.0.0.1 or localhost.'],
  origin: [403, 'it comes from a page of another origin', 'Let pages ask through a server of yours.'],
  token: [401, 'a token is needed', 'Send Authorization: Bearer and the token the server was started with.'],
}

async function handle(incoming: IncomingMessage, outgoing: ServerResponse, how: Handling): Promise<void> {
  const started = performance.now()
  const method = incoming.method ?? 'GET'
  const id = requestId(incoming)
  const limit = how.bodyLimit ?? 2 ** 20
  let path = '/'
  let answer: PredictionAnswer
  let refusal: Refusal | undefined
  try {
    const url = requestUrl(incoming)
    path = url.pathname
    const problem = accessProblem(incoming.headers, isOpenPath(path), how.rule)
    if (problem) {
      const [status, detail, hint] = accessDetails[problem]
      throw new Refusal(status, 'serve/access', { detail, hint })
    }
    const mediaType = incoming.headers['content-type']
    const body = () => readBody(incoming, limit)
    answer = await respond(how.serving, { id, method, path, query: url.searchParams, mediaType, body })
  } catch (error) {
    // The client has gone, in the middle of its request: nobody is left to tell.
    if (incoming.destroyed && !incoming.complete) {
      outgoing.destroy()
      return
    }
    refusal = refusalOf(error)
    if (refusal.status >= 500 && !(error instanceof Refusal)) how.onError?.(error, id)
    how.serving.metrics.failed(refusal.code)
    answer = {
      status: refusal.status,
      mediaType: 'application/problem+json',
      body: JSON.stringify(problemBody(refusal)),
      route: routeOf(path),
    }
  }
  send(incoming, outgoing, { ...answer, id, refusal, isDraining: how.serving.isDraining() })
  const ms = performance.now() - started
  how.serving.metrics.request(answer.route, known(method), answer.status, ms / 1000)
  how.onRequest?.({
    time: new Date().toISOString(),
    id,
    method: known(method),
    route: answer.route,
    status: answer.status,
    ms: Math.round(ms * 1000) / 1000,
    ...(refusal ? { code: refusal.code } : {}),
    ...(answer.model === undefined ? {} : { model: answer.model }),
    ...(answer.version === undefined ? {} : { version: answer.version }),
    ...(answer.rows === undefined ? {} : { rows: answer.rows }),
  })
}

/** Of the client where it gives one that can stand in a header and a log. */
function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
}

// Parsers of HTTP let many words through; a metric has a value for each.
const known = (method: string): string => (/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method) ? method : 'OTHER')

interface Sent extends PredictionAnswer {
  readonly id: string
  readonly refusal: Refusal | undefined
  readonly isDraining: boolean
}

function send(incoming: IncomingMessage, outgoing: ServerResponse, answer: Sent): void {
  const { refusal } = answer
  // A body that was not read to its end stands in the way of the next request.
  const isOver = answer.isDraining || !incoming.complete
  outgoing.writeHead(answer.status, {
    'Content-Type': answer.mediaType,
    'Content-Length': Buffer.byteLength(answer.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': answer.id,
    ...(isOver ? { Connection: 'close' } : {}),
    ...(refusal?.retryAfter === undefined ? {} : { 'Retry-After': String(refusal.retryAfter) }),
    ...(refusal?.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(refusal?.status === 405 ? { Allow: answer.route.endsWith('/predict') ? 'GET, HEAD, POST' : 'GET, HEAD' } : {}),
  })
  // As a text it goes out in one piece with the head; bytes would be a piece of their own.
  outgoing.end(incoming.method === 'HEAD' ? undefined : answer.body)
}
