import { once } from 'node:events'
import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withStore } from '../../open.ts'
import { renderPairs } from '../../render/table.ts'

/** A token is a secret: it comes from the environment, never from the command line, which others can list. */
const tokenVariable = 'VIEWCAST_MLFLOW_TOKEN'

export const serveMlflowCommand = defineCommand({
  name: 'serve mlflow',
  summary: 'Serve the store to clients of MLflow',
  description: `Answers the REST API of MLflow: what its clients log is in the store, and runs and models of the store are what they read. Listens on this machine only, unless --host says otherwise; then ${tokenVariable} must hold a token, which clients are given as MLFLOW_TRACKING_TOKEN. Ends when interrupted, after the requests under way.`,
  positionals: [],
  options: z.object({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 is all of this machine'),
    port: z.coerce.number().int().min(0).max(65_535).default(5000).describe('Port to listen on; 0 takes a free one'),
  }),
  examples: [
    { command: 'viewcast serve mlflow', description: 'On http://127.0.0.1:5000' },
    {
      command: 'MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python train.py',
      description: 'A script that logs with the MLflow client of Python',
    },
    { command: 'viewcast serve mlflow --port 0 --json', description: 'On a free port; prints {"url": …} for a script' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store, db }) => {
      const { options, globals, io, output } = invocation
      const { redact, serveMlflow } = await import('@viewcast/sdk')
      const token = io.env[tokenVariable]
      const server = await serveMlflow(store, {
        host: options.host,
        port: options.port,
        ...(token ? { token } : {}),
        onRequest: (method, path, status) => {
          if (globals.verbose) void io.stderr.write(`${status} ${method} ${path}\n`)
        },
        onError: (error) => {
          // What is not ours may quote values of rows.
          const text =
            error instanceof Error ? (globals.verbose ? redact(error.stack ?? error.message) : error.name) : 'failed'
          void io.stderr.write(`error  ${text}\n`)
        },
      })
      try {
        await output.result({ url: server.url, host: server.host, port: server.port, database: db.description }, () =>
          renderPairs([
            ['serving', `${db.description}, project ${store.project}`],
            ['to', `MLFLOW_TRACKING_URI=${server.url}`],
            ['token', token ? 'asked for' : 'none needed: only this machine reaches it'],
          ]),
        )
        await output.note('Stop with Ctrl-C.')
        if (!io.signal.aborted) await once(io.signal, 'abort')
      } finally {
        await server.close()
      }
      await output.note('Stopped.')
      return 0
    }),
})
