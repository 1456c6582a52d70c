/** Listing, filtering and sorting 30,000 runs with 100 metrics each, a page of 100 with everything logged of them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Database, openStore, type SearchRunsOptions, type Store, searchRuns } from '@viewcast/sdk'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, median } from './timing.ts'

const runs = Number(process.env['BENCH_RUNS'] ?? 30_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7)
const engines = (process.env['BENCH_ENGINES'] ?? 'pglite,postgres').split(',')
const metrics = 100
const ceiling = 300

/** As logging leaves it: run after run, so that the rows of a run are beside each other. */
const fill = `
  SET session_replication_role = replica;
  INSERT INTO viewcast.context (id, kind, name)
    SELECT md5('experiment' || i)::uuid, 'experiment', 'experiment ' || i FROM generate_series(0, 29) AS i;
  INSERT INTO viewcast.metric_key (name) SELECT 'metric_' || i FROM generate_series(0, ${metrics - 1}) AS i;
  INSERT INTO viewcast.execution (id, name, experiment_id, state, started_at, ended_at, user_name)
    SELECT (lpad(to_hex(1700000000000 + i * 60000::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 19))::uuid, 'run ' || i,
      md5('experiment' || i % 30)::uuid, (ARRAY['finished', 'finished', 'failed', 'lost'])[1 + i % 4],
      to_timestamp(1700000000 + i * 60), to_timestamp(1700000030 + i * 60), 'user ' || i % 5
    FROM generate_series(0, ${runs - 1}) AS i;
  INSERT INTO viewcast.param (execution_id, key, value, num)
    SELECT r.id, 'param_' || p, ((r.n * 7 + p) % 50)::text, (r.n * 7 + p) % 50
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM viewcast.execution) AS r, generate_series(0, 9) AS p ORDER BY r.id;
  INSERT INTO viewcast.run_tag (execution_id, key, value)
    SELECT r.id, 'tag_' || t, 'value ' || (r.n + t) % 20
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM viewcast.execution) AS r, generate_series(0, 4) AS t ORDER BY r.id;
  INSERT INTO viewcast.metric_latest (execution_id, key_id, step, ts_ms, value, min, max, n)
    SELECT r.id, k.id, 99, 1700000000000, v, v - 1, v + 1, 100
    FROM viewcast.execution AS r, viewcast.metric_key AS k,
      LATERAL (SELECT ('x' || substr(md5(r.id::text || k.id), 1, 8))::bit(32)::bigint / 4294967296.0::float8 AS v) AS x
    ORDER BY r.id, k.id;
  SET session_replication_role = origin`

const queries: Readonly<Record<string, SearchRunsOptions>> = {
  'newest first': {},
  'of one experiment': { experiments: ['experiment 7'] },
  'filter by a metric': { filter: 'metrics.metric_7 > 0.99' },
  'filter by metric, param and tag': {
    filter: "metrics.metric_7 < 0.2 and params.param_3 = 17 and tags.tag_2 LIKE 'value 1%'",
  },
  'either of two metrics, and no third': {
    filter: '(metrics.metric_1 > 0.99 or min(metrics.metric_2) < -0.99) and not metrics.metric_3 > 0.5',
  },
  'sort by a metric': { orderBy: ['metrics.metric_50 DESC'] },
  'sort by a metric, page 100': { orderBy: ['metrics.metric_50 DESC'] },
  'sort by a param, then a metric': { orderBy: ['params.param_1', 'metrics.metric_9'] },
  'filter by one metric, sort by another': {
    filter: "metrics.metric_10 > 0.5 and state = 'finished'",
    orderBy: ['metrics.metric_11'],
  },
  'by a part of the name': { filter: "name LIKE '%77%'" },
  'filter that finds nothing': { filter: 'metrics.metric_20 > 2' },
}

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const times = new Map<string, string[]>()
  const notes: string[] = []
  for (const engine of engines) {
    await on(engine, async (db) => {
      const store = await openStore(db, { project: 'bench' })
      const start = performance.now()
      for (const statement of fill.split(';')) await db.execute(statement)
      // A server does so by itself; on the embedded engine the store does when it is opened.
      if (engine === 'postgres') await db.execute('VACUUM (ANALYZE)')
      else await openStore(db, { project: 'bench' })
      notes.push(`${engine}: filled in ${duration(performance.now() - start)}, ${await sizes(db)}`)
      for (const [name, query] of Object.entries(queries)) {
        const ms = await timed(store, name.endsWith('page 100') ? await pageOf(store, query, 100) : query)
        times.set(name, [...(times.get(name) ?? []), `${duration(ms)}${ms > ceiling ? ' MISSED' : ''}`])
        process.stderr.write(`${engine}  ${name}  ${duration(ms)}\n`)
      }
    })
  }
  return {
    title: `Pages of 100 of ${runs} runs with ${metrics} metrics each`,
    columns: ['query', ...engines, 'ceiling'],
    rows: [...times].map(([name, cells]) => [
      name,
      ...cells.map((c) => c.replace(' MISSED', '')),
      cells.some((c) => c.endsWith('MISSED')) ? 'MISSED' : `held (${ceiling} ms)`,
    ]),
    notes: [...notes, `a page comes with all metrics, params and tags of its runs; the middle of ${rounds} rounds`],
  }
}

async function timed(store: Store, query: SearchRunsOptions): Promise<number> {
  const all: number[] = []
  for (let i = 0; i <= rounds; i++) {
    const start = performance.now()
    await searchRuns(store, query)
    // The first round warms the caches.
    if (i > 0) all.push(performance.now() - start)
  }
  return median(all)
}

async function pageOf(store: Store, query: SearchRunsOptions, page: number): Promise<SearchRunsOptions> {
  const { nextPageToken } = await searchRuns(store, { ...query, limit: Math.min((page - 1) * 100, runs - 1) })
  return nextPageToken === undefined ? query : { ...query, pageToken: nextPageToken }
}

async function sizes(db: Database): Promise<string> {
  const [row] = await db.rows<{ table: string; index: string }>(
    `SELECT pg_size_pretty(pg_table_size('viewcast.metric_latest')) AS table, pg_size_pretty(pg_indexes_size('viewcast.metric_latest')) AS index`,
  )
  return `latest values ${row?.table} and ${row?.index} of indexes`
}

async function on(engine: string, body: (db: Database) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'viewcast-bench-'))
  const server = engine === 'postgres' ? await startServer([]) : undefined
  try {
    const db = await connect(server ? server.url : join(folder, 'data'))
    try {
      await body(db)
    } finally {
      await db.close()
    }
  } finally {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
