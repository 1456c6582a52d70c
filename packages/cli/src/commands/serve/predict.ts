import { once } from 'node:events'
import type { AccessEntry, Database, PredictionServer } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import type { Settings } from '../../config/resolve.ts'
import { withStoreIfAllowed } from '../../open.ts'
import { UsageError } from '../../parse/usage.ts'
import { renderPairs } from '../../render/table.ts'
import { readableStore } from '../chosen-model.ts'
import { logOptions, readLogOptions } from '../predictions/log-options.ts'

const defaultVariable = 'VIEWCAST_SERVE_TOKEN'

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)

export const servePredictCommand = defineCommand({
  name: 'serve predict',
  summary: 'Serve predictions over HTTP',
  description: `Answers keys or request rows with predictions: POST /v1/models/NAME/predict, GET of the same path for one key; what a request may hold is in /openapi.json. A version is served once its verification rows agree on this database; when an alias moves, the next one takes its place without a request being lost. Without a name every trained model is served, at production where it has that alias. The challengers of a deployment are scored by the same statement: they are compared in /metrics, kept with --keep, and never answered with; where they fail, or take too long, the model answers alone. Listens on this machine only, unless --host says otherwise; then ${defaultVariable}, or the variable that --token-env names, must hold a token. Ends when interrupted, after the requests under way.`,
  positionals: [{ name: 'name', description: 'model, model@3, model@production, or a deployment', required: false }],
  takesMore: true,
  options: z.object({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 is all of this machine'),
    port: count(0, 65_535).default(8080).describe('Port to listen on; 0 takes a free one'),
    tokenEnv: z
      .string()
      .regex(/^[A-Za-z_]\w*$/)
      .default(defaultVariable)
      .meta({ value: 'name', expects: 'the name of a variable', description: 'Environment variable with the token' }),
    connections: count(1, 500).default(8).describe('Sessions of the database, and so predictions at work at once'),
    queue: count(0, 100_000).default(100).describe('Requests that may wait for a session; more are answered with 503'),
    timeout: count(10, 600_000).default(5000).describe('Milliseconds for a prediction, waiting included'),
    challengerTimeout: count(1, 600_000)
      .optional()
      .describe('Milliseconds of --timeout that scoring challengers may take; default a quarter'),
    alone: z.boolean().default(false).describe('Do not score the challengers of a deployment'),
    maxBatch: count(1, 100_000).default(1000).describe('Keys in one request at most'),
    bodyLimit: count(100, 2 ** 28)
      .default(2 ** 20)
      .describe('Bytes of a request at most'),
    follow: count(0, 86_400).default(5).describe('Seconds between looks for another version; 0 stays with the first'),
    keep: z.boolean().default(false).describe('Keep predictions in the prediction log; see viewcast predictions'),
    inputs: logOptions.inputs,
    redact: logOptions.redact,
    log: z.boolean().default(false).describe('Write a line of JSON to stderr for each request, without what was asked'),
  }),
  examples: [
    { command: 'viewcast serve predict reorder@production', description: 'One model on http://127.0.0.1:8080' },
    {
      command: "curl 'http://127.0.0.1:8080/v1/models/reorder/predict?customer_id=7'",
      description: 'A prediction for one key',
    },
    {
      command: 'VIEWCAST_SERVE_TOKEN=… viewcast serve predict --host 0.0.0.0 --log',
      description: 'Every model, for other machines, with a log of requests',
    },
    {
      command: 'viewcast serve predict reorder_now --keep',
      description: 'A deployment; what its challengers say is logged beside it',
    },
    {
      command: 'viewcast serve predict reorder --keep --inputs all',
      description: 'And keep what was predicted, from what',
    },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async (opened) => {
      const { options, globals, io, output, positionals, more } = invocation
      const { settings, project, store } = opened
      const { fail, keptPredictions, redact, servedModels, servePredictions } = await import('@viewcast/sdk')
      if (options.keep && store === undefined) {
        if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
        const detail = 'the session may not write to the store, and --keep would'
        fail('engine/read-only', {
          target: opened.db.description,
          detail,
          hint: 'Leave --keep out, or connect to the primary as a role that may write.',
        })
      }
      const policy = readLogOptions(options, io.env)
      if (!options.keep && (options.inputs !== undefined || options.redact !== undefined)) {
        throw new UsageError('--inputs and --redact are about what --keep keeps')
      }
      const token = io.env[options.tokenEnv]
      if (token === undefined && options.tokenEnv !== defaultVariable) {
        throw new UsageError(`--token-env: the variable ${options.tokenEnv} is not set`)
      }
      const names = [...(positionals['name'] === undefined ? [] : [positionals['name']]), ...more]
      // A role that may not write, and a standby, have the registry all the same.
      const found = await servedModels(await readableStore(opened), project, names, {
        directory: settings.directory.value,
        environment: settings.environment.value,
      })
      const served = options.alone ? found.map(({ challengers: _, ...one }) => one) : found
      const line = (text: string): void => void io.stderr.write(`${text}\n`)
      const onError = (error: unknown, id?: string): void => {
        // What is not ours may quote values of rows.
        const text =
          error instanceof Error ? (globals.verbose ? redact(error.stack ?? error.message) : error.name) : 'failed'
        line(id === undefined ? `error  ${text}` : `error  ${id}  ${text}`)
      }
      const kept =
        options.keep && store ? keptPredictions(store, { ...policy, directory: project.directory, onError }) : undefined
      return await withOwnSessions(opened.db, settings, options, async (db) => {
        const server = await servePredictions(db, served, {
          host: options.host,
          port: options.port,
          ...(token ? { token } : {}),
          tokenVariable: options.tokenEnv,
          ...(db.engine === 'postgres' ? { running: options.connections } : {}),
          waiting: options.queue,
          timeout: options.timeout,
          maxBatch: options.maxBatch,
          bodyLimit: options.bodyLimit,
          follow: options.follow * 1000,
          directory: project.directory,
          ...(options.log ? { onRequest: (entry: AccessEntry) => line(JSON.stringify(entry)) } : {}),
          onChange: (name, version, before) => void output.note(`${name}: version ${version} instead of ${before}`),
          onChallengersFailed: (name, reason) =>
            void output.note(
              `${name}: its challengers ${reason === 'slow' ? 'took too long' : 'failed'}, it answers alone`,
            ),
          onError,
          ...(options.challengerTimeout === undefined ? {} : { challengerTimeout: options.challengerTimeout }),
          ...(kept
            ? { onPredicted: kept.keep, withInputs: options.inputs !== undefined && options.inputs !== 'none' }
            : {}),
        })
        try {
          await say(invocation, server, opened.db, Boolean(token), served)
          if (!io.signal.aborted) await once(io.signal, 'abort')
        } finally {
          await server.close()
          await kept?.close()
        }
        await output.note('Stopped.')
        return 0
      })
    }),
})

/**
 * Predictions have sessions of their own, which cannot write and end statements by themselves: who reads the registry beside
 * them does not wait for them. The embedded engine has one session for all.
 */
async function withOwnSessions<T>(
  db: Database,
  settings: Settings,
  { connections, timeout }: { readonly connections: number; readonly timeout: number },
  body: (db: Database) => Promise<T>,
): Promise<T> {
  const { value } = settings.database
  if (db.engine === 'pglite' || value.kind === 'unset') return await body(db)
  const { connect } = await import('@viewcast/sdk')
  const own = await connect(value.target, {
    sessions: connections,
    settings: { statement_timeout: `${timeout}ms`, default_transaction_read_only: 'on' },
  })
  try {
    return await body(own)
  } finally {
    await own.close()
  }
}

type Invocation = Parameters<typeof servePredictCommand.run>[0]

async function say(
  { output }: Invocation,
  server: PredictionServer,
  db: Database,
  hasToken: boolean,
  served: readonly { readonly name: string; readonly follows?: string }[],
): Promise<void> {
  const paths = served.map((s) => ({
    name: s.name,
    follows: s.follows ?? '',
    url: `${server.url}/v1/models/${encodeURIComponent(s.name)}/predict`,
  }))
  const about = { url: server.url, host: server.host, port: server.port, database: db.description, models: paths }
  await output.result(about, () => renderPairs(paths.map((p) => [p.name, `${p.follows}  ${p.url}`])))
  await output.note(hasToken ? 'A token is asked for.' : 'No token: only this machine reaches it.')
  await output.note('Stop with Ctrl-C.')
}
