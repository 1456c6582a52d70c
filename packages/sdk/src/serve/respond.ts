/** One request → one answer. No sockets here. */
import { nearest } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { ServedChallenger } from './challenged.ts'
import type { Following } from './following.ts'
import type { Gate } from './gate.ts'
import type { Gauge, Metrics } from './metrics.ts'
import { openApi } from './open-api.ts'
import { type BesideOutcome, predictBeside } from './predict-beside.ts'
import { predictionBody, type ServedRow } from './predict-rows.ts'
import { isOutdated, Refusal, refuse } from './problem.ts'
import type { Asked } from './question-schema.ts'
import type { ServedVersion } from './served-version.ts'

export interface PredictionRequest {
  readonly id: string
  readonly method: string
  /** Percent-decoded, beginning with `/`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly mediaType: string | undefined
  /** Undefined where it is larger than it may be. */
  readonly body: () => Promise<Uint8Array | undefined>
}

export interface PredictionAnswer {
  readonly status: number
  readonly mediaType: string
  readonly body: string
  /** What was asked, without what tells one request from another: for metrics and logs. */
  readonly route: string
  readonly model?: string
  readonly version?: number
  /** Predictions given. */
  readonly rows?: number
}

/** What was predicted, for whoever keeps it. */
export interface Predicted {
  readonly name: string
  readonly version: ServedVersion
  readonly requestId: string
  /** ISO instant before the database was asked. */
  readonly predictedAt: string
  readonly rows: readonly ServedRow[]
  /** What its challengers say to the same questions, which was answered to nobody; none where they were not asked. */
  readonly challengers: readonly { readonly challenger: ServedChallenger; readonly rows: readonly ServedRow[] }[]
}

export interface Serving {
  readonly db: Database
  readonly models: Following
  readonly gate: Gate
  readonly metrics: Metrics
  readonly url: () => string
  readonly hasToken: boolean
  /** Milliseconds. */
  readonly timeout: number
  /** Milliseconds that challengers may take of it. */
  readonly patience: number
  readonly isDraining: () => boolean
  /** Called when challengers fail, or take too long, for the first time in a row. */
  readonly onChallengersFailed: (version: ServedVersion, reason: 'failed' | 'slow', error: unknown) => void
  readonly onPredicted?: ((predicted: Predicted) => unknown) | undefined
}

const json = (value: unknown, route: string, status = 200, more: Partial<PredictionAnswer> = {}): PredictionAnswer => ({
  status,
  mediaType: 'application/json',
  body: JSON.stringify(value),
  route,
  ...more,
})

const modelPath = /^\/v1\/models\/([^/]+)(\/predict)?$/

/** What needs no secret: who probes has none. */
export const isOpenPath = (path: string): boolean => path === '/healthz' || path === '/readyz'

/** The route of a path, for metrics: not the path, of which there may be any number. */
export function routeOf(path: string): string {
  const model = modelPath.exec(path)
  if (model) return `/v1/models/{name}${model[2] ?? ''}`
  return ['/healthz', '/readyz', '/metrics', '/openapi.json', '/v1/models'].includes(path) ? path : 'other'
}

/** Errors: a {@link Refusal}, or what the database says. */
export async function respond(serving: Serving, request: PredictionRequest): Promise<PredictionAnswer> {
  const { path } = request
  const route = routeOf(path)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const model = modelPath.exec(path)
  const takes = model?.[2] ? ['GET', 'POST'] : ['GET']
  if (route === 'other') refuse(404, 'serve/unknown', { what: `The path of the request` })
  if (!takes.includes(method)) refuse(405, 'serve/unknown', { what: `${method} ${route}` })
  const { models } = serving
  switch (route) {
    case '/healthz':
      return json({ ok: true }, route)
    case '/readyz':
      return ready(serving, route)
    case '/metrics':
      return { status: 200, mediaType: 'text/plain; version=0.0.4; charset=utf-8', body: exposition(serving), route }
    case '/openapi.json':
      return json(openApi(models.current.values(), { url: serving.url(), hasToken: serving.hasToken }), route)
    case '/v1/models':
      return json({ models: [...models.current.values()].map(described) }, route)
  }
  const version = wanted(models, decoded(model?.[1] ?? ''))
  if (!model?.[2]) return json(described(version), route)
  return method === 'GET' ? answerOne(serving, request, version, route) : answerMany(serving, request, version, route)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function wanted({ current }: Following, name: string): ServedVersion {
  const found = current.get(name)
  if (found) return found
  const near = nearest(name, [...current.keys()])
  return refuse(404, 'serve/unknown', { what: 'A model of that name', ...(near === undefined ? {} : { near }) })
}

async function answerOne(
  serving: Serving,
  request: PredictionRequest,
  version: ServedVersion,
  route: string,
): Promise<PredictionAnswer> {
  const rows = await predicted(serving, request, version, version.schema.readQuery(request.query))
  return answered(version, route, { prediction: rows.map((row) => predictionBody(version, row))[0] }, rows)
}

async function answerMany(
  serving: Serving,
  request: PredictionRequest,
  version: ServedVersion,
  route: string,
): Promise<PredictionAnswer> {
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(request.mediaType ?? '')) {
    refuse(415, 'serve/request', { detail: 'its Content-Type is not application/json' })
  }
  const body = await request.body()
  if (body === undefined) refuse(413, 'serve/request', { detail: 'its body is too large' })
  const rows = await predicted(serving, request, version, version.schema.readBody(parsed(body)))
  return answered(version, route, { predictions: rows.map((row) => predictionBody(version, row)) }, rows)
}

const answered = (
  { served, record }: ServedVersion,
  route: string,
  body: Record<string, unknown>,
  rows: readonly unknown[],
): PredictionAnswer =>
  json({ model: record.name, version: record.version, ...body }, route, 200, {
    model: served.name,
    version: record.version,
    rows: rows.length,
  })

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return refuse(400, 'serve/request', { detail: 'its body is not JSON in UTF-8' })
  }
}

/** Waiting counts, too: who waits does not care for what. */
async function predicted(
  serving: Serving,
  request: PredictionRequest,
  version: ServedVersion,
  asked: Asked,
): Promise<readonly ServedRow[]> {
  const { db, gate, models, metrics, timeout, patience } = serving
  const stop = new AbortController()
  // Made when it is needed: an error takes its stack along, which every request would pay for.
  const late = () => new Refusal(504, 'serve/timeout', {})
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const refusal = late()
      stop.abort(refusal)
      reject(refusal)
    }, timeout)
  })
  const predictedAt = new Date().toISOString()
  const work = gate.through(async () => {
    if (stop.signal.aborted) throw late()
    // On the embedded engine it would end the engine, which others are waiting for.
    const signal = db.engine === 'postgres' ? stop.signal : undefined
    return predictBeside(db, version, asked, { signal, patience })
  }, stop.signal)
  try {
    const { rows, challengers: said, beside } = await Promise.race([work, end])
    const { name } = version.served
    metrics.predicted(name, version.record.version, rows.length)
    const challengers = said.flatMap((own, i) => {
      const challenger = version.challenged?.challengers[i]
      return challenger ? [{ challenger, rows: own }] : []
    })
    becameOf(beside, serving, version)
    for (const { challenger, rows: own } of challengers) metrics.compared(version, challenger, rows, own)
    serving.onPredicted?.({ name, version, requestId: request.id, predictedAt, rows, challengers })
    return rows
  } catch (error) {
    work.catch(() => {})
    if (isOutdated(error)) models.outdated(version.served.name)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function becameOf(beside: BesideOutcome, { metrics, models, onChallengersFailed }: Serving, version: ServedVersion) {
  if (beside.kind === 'none' || beside.kind === 'scored') return
  metrics.alone(version.served.name, beside.kind)
  if (!('error' in beside)) return
  if (isOutdated(beside.error)) models.outdated(version.served.name)
  if (beside.isFirst) onChallengersFailed(version, beside.kind, beside.error)
}

const probeTime = 2_000

async function ready({ db, models, isDraining }: Serving, route: string): Promise<PredictionAnswer> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, probeTime, false)
  })
  const there = db.query('SELECT 1').then(
    () => true,
    () => false,
  )
  const database = await Promise.race([there, patience])
  clearTimeout(timer)
  // A version is served only once its verification rows agreed on this engine; one that did not left the old one in place.
  const ok = database && !isDraining()
  return json({ ready: ok, database, draining: isDraining(), behind: [...models.behind] }, route, ok ? 200 : 503)
}

function described(version: ServedVersion): Record<string, unknown> {
  const { served, record, query, outputs, verification, challenged, refused } = version
  const { questions, keys, hasAsOf } = query
  const plain = ({ name, type }: { readonly name: string; readonly type: string }) => ({ name, type })
  return {
    name: served.name,
    model: record.name,
    version: record.version,
    ...(served.follows === undefined ? {} : { follows: served.follows }),
    family: record.family,
    trained_at: record.trainedAt,
    keys: questions.filter((c) => keys.includes(c.name)).map(plain),
    request: questions.filter((c) => !keys.includes(c.name)).map((c) => ({ ...plain(c), nullable: c.nullable })),
    as_of: hasAsOf,
    outputs,
    verification,
    ...(challenged || refused.length > 0
      ? {
          challengers: [
            ...(challenged?.challengers ?? []).map(({ label, record: r }) => ({
              ...{ label, model: r.name, version: r.version, scored: true },
            })),
            ...refused.map(({ label }) => ({ label, scored: false })),
          ],
        }
      : {}),
    predict: `/v1/models/${encodeURIComponent(served.name)}/predict`,
  }
}

function exposition({ gate, models, metrics }: Serving): string {
  const versions = [...models.current.values()]
  const gauges: Gauge[] = [
    { name: 'viewcast_predictions_running', help: 'Predictions at work.', values: [[{}, gate.running]] },
    {
      name: 'viewcast_predictions_waiting',
      help: 'Predictions that wait for a session.',
      values: [[{}, gate.waiting]],
    },
    {
      name: 'viewcast_model_info',
      help: 'The version served under a name.',
      values: versions.map((v) => [
        { name: v.served.name, model: v.record.name, version: String(v.record.version) },
        1,
      ]),
    },
    {
      name: 'viewcast_model_behind',
      help: 'Whether the next version of a model could not be served.',
      values: versions.map((v) => [{ name: v.served.name }, models.behind.has(v.served.name) ? 1 : 0]),
    },
    {
      name: 'viewcast_challenger_info',
      help: 'Whether a challenger of a model is scored beside it; 0 where it cannot be.',
      values: versions.flatMap(({ served: { name }, challenged, refused }) => [
        ...(challenged?.challengers ?? []).map(
          ({ label, record: r }) =>
            [{ name, challenger: label, model: r.name, version: String(r.version) }, 1] as const,
        ),
        ...refused.map(({ label }) => [{ name, challenger: label }, 0] as const),
      ]),
    },
  ]
  return metrics.text(gauges)
}
