/**
 * One key, predicted where a million events are: through the deployed function against the prediction query with literals, and
 * over HTTP against the least that Node can do with the same prepared statement.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import {
  applyPlan,
  connect,
  type Database,
  type ModelRecord,
  openStore,
  planDeployments,
  predictionObject,
  predictionQuery,
  project,
  servePredictions,
  trainRecorded,
} from '@viewcast/sdk'
import pg from 'pg'
import { startServer } from '../test/engines/postgres-server.ts'
import { inRounds, median } from './timing.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 1_000_000)
const calls = Number(process.env['BENCH_CALLS'] ?? 1_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const perRound = Number(process.env['BENCH_REQUESTS'] ?? 2_000)
const customers = Math.max(1, Math.floor(rows / 100))
const concurrency = 8
/** Calls in a row, so that each finds the caches as its own kind leaves them. */
const block = 50
const ceiling = 1.2
const floor = 0.5
const at = '2024-03-31T00:00:00Z'

interface DB {
  customers: { customer: number; country: string; age: number }
  orders: { customer: number; at: Date; amount: number }
  asked: { customer: number; as_of: Date; answer: number }
}
const p = project<DB>('bench')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const model = p.model('replies', {
  dataset: p.dataset('answers', {
    sample: p
      .sample('asked', { entity: customer })
      .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of'])),
    target: p
      .target('answer', { entity: customer })
      .query(({ db }) => db.selectFrom('asked').select(['customer', 'answer'])),
    features: [
      p
        .featureView('profile', { entity: customer })
        .query(({ db }) => db.selectFrom('customers').select(['customer', 'country', 'age'])),
      p
        .featureView('last', { entity: customer, time: 'at' })
        .query(({ db }) => db.selectFrom('orders').select(['customer', 'at', 'amount as last_amount'])),
      p.aggregates('spending', {
        entity: customer,
        source: 'orders',
        time: 'at',
        windows: { '7d': '7 days', '30d': '30 days' },
        features: (a) => ({ n: a.count(), amount: a.avg('amount') }),
      }),
    ],
  }),
  family: 'logistic',
  label: 'answer',
  penalty: 1,
} as never)

const tables = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text, age int4);
  CREATE TABLE orders (customer int4 NOT NULL, at timestamptz NOT NULL, amount float8);
  CREATE TABLE asked (customer int4 PRIMARY KEY, as_of timestamptz NOT NULL, answer float8);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it'])[1 + i % 3], 20 + i % 60 FROM generate_series(1, ${customers}) AS i;
  INSERT INTO orders SELECT 1 + (hashint4(i) & 2147483647) % ${customers},
    timestamptz '2024-01-01Z' + i * interval '90 days' / ${rows}, i % 37 FROM generate_series(1, ${rows}) AS i;
  INSERT INTO asked SELECT i, timestamptz '2024-03-20Z' + i * interval '1 second', (i * 7 % 10 > 4)::int4
    FROM generate_series(1, ${Math.min(customers, 2000)}) AS i;
  CREATE INDEX ON orders (customer, at)`

/** The same keys for everybody, in an order without a pattern. */
const keyOf = (i: number): number => 1 + ((Math.imul(i + 1, 0x9e3779b1) >>> 0) % customers)

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const server = await startServer(['shared_buffers=1GB', 'max_wal_size=8GB'])
  try {
    const db = await connect(server.url)
    try {
      await db.execute(tables)
      await db.execute('VACUUM ANALYZE')
      const record = await deployed(db)
      const one = await oneKey(db, record, server.url)
      const http = await overHttp(record, server.url)
      const beside = await withChallenger(db, record, server.url)
      const [about] = await db.rows<{ version: string }>("SELECT current_setting('server_version') AS version")
      return {
        title: `One key among ${customers}, ${rows} events: the deployed function, and the endpoint`,
        columns: ['what', 'viewcast', 'peer', 'ratio', 'p99, viewcast', 'p99, peer', 'bound'],
        rows: [...one, ...http, ...beside],
        notes: [
          `PostgreSQL ${about?.version}, tables in shared buffers, settings of the server.`,
          `function: ${calls} calls each, in turns of ${block}, in one session; p50, and its ratio: at most ${ceiling}.`,
          'literals: the prediction query for that key as text, parsed and planned each time, and the function called so.',
          'prepared: both with parameters, as the driver keeps them.',
          `endpoint: ${concurrency} connections kept alive, ${perRound} requests a round, ${rounds} rounds in turns, the client in a thread of`,
          `its own; requests per second, and their ratio in a round: at least ${floor}. The peer is node:http and pg with the same prepared`,
          'statement, without routes, checks of requests, metrics, limits and timeouts.',
          'challenger: another version of the model beside it, in one statement; the peer is the same without it.',
        ],
      }
    } finally {
      await db.close()
    }
  } finally {
    await server.stop()
  }
}

async function deployed(db: Database): Promise<ModelRecord> {
  const store = await openStore(db, { project: 'bench' })
  const { record } = await trainRecorded(store, model)
  const def = p.deployment('replies_now', { model, as: 'function' })
  const plan = await planDeployments(store, [{ def, record, isDeclared: true }])
  await applyPlan(store, plan, { record: async () => record })
  return record
}

async function oneKey(db: Database, record: ModelRecord, url: string): Promise<string[][]> {
  const marker = 2_000_000_011
  const { sql } = await predictionQuery(db, model, record, { at, keys: [{ customer: marker }] })
  const { routine } = await predictionObject(db, model, record, { as: 'function' })
  const parameters = routine?.callable.query ?? ''
  const client = new pg.Client(url)
  await client.connect()
  const contenders: Record<string, (key: number) => Promise<unknown>> = {
    'function, literals': (key) => client.query(`SELECT * FROM replies_now(${key}, '${at}')`),
    'query, literals': (key) => client.query(sql.replaceAll(String(marker), String(key))),
    'function, prepared': (key) =>
      client.query({ name: 'function', text: 'SELECT * FROM replies_now($1, $2)', values: [key, at] }),
    'query, prepared': (key) => client.query({ name: 'query', text: parameters, values: [key, at] }),
  }
  const names = Object.keys(contenders)
  const times = Object.fromEntries(names.map((name): [string, number[]] => [name, []]))
  const timed = (name: string, ask: (key: number) => Promise<unknown>) => {
    let call = 0
    return async () => {
      for (let i = 0; i < block; i++) {
        const start = performance.now()
        await ask(keyOf(call++))
        // The first of a block find the caches as the one before left them, and those of the first block are planned.
        if (call > block && i >= block / 10) times[name]?.push(performance.now() - start)
      }
    }
  }
  const turns = Object.fromEntries(names.map((name) => [name, timed(name, contenders[name] ?? nothing)]))
  try {
    await inRounds(1 + Math.ceil(calls / block), turns)
  } finally {
    await client.end()
  }
  return ['literals', 'prepared'].map((how) => {
    const [mine, theirs] = [times[`function, ${how}`] ?? [], times[`query, ${how}`] ?? []]
    const ratio = median(mine) / median(theirs)
    const cells = [
      millis(median(mine)),
      millis(median(theirs)),
      ratio.toFixed(2),
      millis(last(mine)),
      millis(last(theirs)),
    ]
    return [`function, ${how}`, ...cells, ratio <= ceiling ? 'held' : 'MISSED']
  })
}

/** Another version is the same features with other weights: what it costs is its score and its columns. */
async function withChallenger(db: Database, record: ModelRecord, url: string): Promise<string[][]> {
  const next: ModelRecord = {
    ...record,
    version: record.version + 1,
    coefficients: record.coefficients.map((c) => ({ ...c, estimate: c.estimate * 0.9 })),
    verification: [],
  }
  const challengers = { next: { model, record: next } }
  for (const [name, more] of [
    ['alone', {}],
    ['both', { challengers }],
  ] as const) {
    await db.execute(
      (await predictionObject(db, model, record, { as: 'function', name: { name: `replies_${name}` }, ...more })).sql,
    )
  }
  const client = new pg.Client(url)
  await client.connect()
  const times: Record<string, number[]> = { alone: [], both: [] }
  let call = 0
  const timed = (name: string) => async () => {
    for (let i = 0; i < block; i++) {
      const start = performance.now()
      await client.query({ name, text: `SELECT * FROM replies_${name}($1, $2)`, values: [keyOf(call++), at] })
      if (i >= block / 10) times[name]?.push(performance.now() - start)
    }
  }
  await inRounds(1 + Math.ceil(calls / block), { alone: timed('alone'), both: timed('both') })
  await client.end()
  const own = await connect(url, { sessions: concurrency })
  const served = { name: 'replies', model, version: async () => record }
  const ends = {
    alone: await servePredictions(own, [served], { port: 0 }),
    both: await servePredictions(own, [{ ...served, challengers: async () => challengers }], { port: 0 }),
  }
  const path = `/v1/models/replies/predict?as_of=${at}&customer=`
  const asker = loadClient()
  const seconds: Record<'alone' | 'both', number[]> = { alone: [], both: [] }
  const latencies: Record<'alone' | 'both', number[]> = { alone: [], both: [] }
  const measure = (name: 'alone' | 'both') => async () => {
    const found = await asker.ask(`${ends[name].url}${path}`, perRound)
    seconds[name].push(found.seconds)
    latencies[name].push(...found.latencies)
  }
  for (const name of ['alone', 'both'] as const) await asker.ask(`${ends[name].url}${path}`, 200)
  await inRounds(rounds, { both: measure('both'), alone: measure('alone') })
  const counted = await (await fetch(`${ends.both.url}/metrics`)).text()
  if (!counted.includes('viewcast_challenger_predictions_total')) throw new Error('The challenger was not scored')
  await asker.end()
  await ends.alone.close()
  await ends.both.close()
  await own.close()
  const rate = (name: 'alone' | 'both') => median(seconds[name].map((s) => perRound / s))
  const ratio = median(seconds.both.map((s, i) => (seconds.alone[i] ?? Number.NaN) / s))
  const [both, alone] = [times['both'] ?? [], times['alone'] ?? []]
  return [
    [
      ...['challenger, function prepared', millis(median(both)), millis(median(alone))],
      ...[(median(both) / median(alone)).toFixed(2), millis(last(both)), millis(last(alone)), 'a figure'],
    ],
    [
      ...['challenger, requests/s', rate('both').toFixed(0), rate('alone').toFixed(0), ratio.toFixed(2)],
      ...[millis(last(latencies.both)), millis(last(latencies.alone)), 'a figure'],
    ],
  ]
}

async function overHttp(record: ModelRecord, url: string): Promise<string[][]> {
  let statement = ''
  const own = await connect(url, { sessions: concurrency })
  const seen: Database = {
    ...own,
    query: (sql, parameters, options) => {
      if (options?.prepared !== undefined) statement = sql
      return own.query(sql, parameters, options)
    },
  }
  const endpoint = await servePredictions(seen, [{ name: 'replies', model, version: async () => record }], { port: 0 })
  const path = `/v1/models/replies/predict?as_of=${at}&customer=`
  const first = await fetch(`${endpoint.url}${path}1`)
  if (first.status !== 200) throw new Error(await first.text())
  const bare = await bareHandler(url, statement)
  const outputs = async (response: Response) => /"outputs":\{[^}]*\}/.exec(await response.text())?.[0]
  if ((await outputs(first)) !== (await outputs(await fetch(`${bare.url}${path}1`)))) {
    throw new Error('The two endpoints disagree')
  }
  const client = loadClient()
  const times: Record<'ours' | 'bare', { seconds: number; latencies: number[] }[]> = { ours: [], bare: [] }
  const measure = (name: 'ours' | 'bare', at: string) => async () =>
    void times[name].push(await client.ask(`${at}${path}`, perRound))
  await client.ask(`${endpoint.url}${path}`, 200)
  await client.ask(`${bare.url}${path}`, 200)
  await inRounds(rounds, { ours: measure('ours', endpoint.url), bare: measure('bare', bare.url) })
  await client.end()
  await endpoint.close()
  await bare.close()
  await own.close()
  const rate = (name: 'ours' | 'bare') => median(times[name].map((t) => perRound / t.seconds))
  const late = (name: 'ours' | 'bare') => times[name].flatMap((t) => t.latencies)
  const ratio = median(times.ours.map((t, i) => (times.bare[i]?.seconds ?? Number.NaN) / t.seconds))
  return [
    [
      'endpoint, requests/s',
      rate('ours').toFixed(0),
      rate('bare').toFixed(0),
      ratio.toFixed(2),
      millis(last(late('ours'))),
      millis(last(late('bare'))),
      ratio >= floor ? 'held' : 'MISSED',
    ],
    [
      'endpoint, p50',
      millis(median(late('ours'))),
      millis(median(late('bare'))),
      (median(late('ours')) / median(late('bare'))).toFixed(2),
      '',
      '',
      'a figure',
    ],
  ]
}

const nothing = async (): Promise<void> => undefined

/** What one writes in ten lines. */
async function bareHandler(url: string, statement: string) {
  const pool = new pg.Pool({ connectionString: url, max: concurrency })
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams
    const values = [[query.get('customer')], [query.get('as_of')]]
    pool.query({ name: 'predict', text: statement, values }).then(
      ({ rows: [row] }) => {
        const outputs = { probability: row.probability }
        response.setHeader('Content-Type', 'application/json')
        response.end(JSON.stringify({ key: { customer: row.customer }, as_of: row.as_of, outputs }))
      },
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await pool.end()
    },
  }
}

/** A thread that asks, so that asking does not take the time of answering. */
function loadClient() {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const http = require('node:http')
     const agent = new http.Agent({ keepAlive: true, maxSockets: ${concurrency} })
     const get = (url) => new Promise((resolve, reject) => {
       http.get(url, { agent }, (response) => {
         response.resume()
         response.on('end', () => response.statusCode === 200 ? resolve() : reject(new Error('status ' + response.statusCode)))
       }).on('error', reject)
     })
     const keyOf = (i) => 1 + ((Math.imul(i + 1, 0x9e3779b1) >>> 0) % ${customers})
     parentPort.on('message', async ({ url, n }) => {
       const latencies = []
       let next = 0
       const start = performance.now()
       await Promise.all(Array.from({ length: ${concurrency} }, async () => {
         while (next < n) {
           const key = keyOf(next++)
           const before = performance.now()
           await get(url + key)
           latencies.push(performance.now() - before)
         }
       }))
       parentPort.postMessage({ seconds: (performance.now() - start) / 1000, latencies })
     })`,
    { eval: true },
  )
  return {
    ask: (url: string, n: number) =>
      new Promise<{ seconds: number; latencies: number[] }>((resolve, reject) => {
        worker.removeAllListeners().once('message', resolve).once('error', reject)
        worker.postMessage({ url, n })
      }),
    end: () => worker.terminate(),
  }
}

const millis = (ms: number): string => `${ms.toFixed(2)} ms`

/** The 99th of a hundred. */
const last = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN
