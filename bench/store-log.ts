/** Logging 1,000 runs with 100 metrics of 100 steps each: points per second, and what a point takes on disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connect,
  type Database,
  logBatch,
  type MetricPoint,
  openStore,
  type Store,
  startRun,
  withRun,
} from '@viewcast/sdk'
import { startServer } from '../test/engines/postgres-server.ts'

/** On the embedded engine a tenth of them. */
const runs = Number(process.env['BENCH_RUNS'] ?? 1000)
const engines = (process.env['BENCH_ENGINES'] ?? 'pglite,postgres').split(',')
const metrics = 100
const steps = 100
/** Ways that are slower, or that compare, are measured on so many of the runs. */
const share = 0.1
/** The first way may take so many times as long per point as COPY does, which checks nothing and folds nothing. */
const ceiling = 5

const names = Array.from({ length: metrics }, (_, m) => `metric_${m}`)
const started = Date.UTC(2026, 0, 1)

/** Points of steps `from` to `to`, as training logs them: step after step. */
function points(run: number, from: number, to: number): MetricPoint[] {
  const all: MetricPoint[] = []
  for (let step = from; step < to; step++) {
    for (const [m, name] of names.entries()) {
      all.push({ name, step, at: started + step * 1000, value: Math.sin(run * 7919 + m * 104_729 + step) })
    }
  }
  return all
}

const start = (store: Store, run: number) =>
  startRun(store, { experiment: 'bench', name: `run ${run}`, capture: false })

const ways: Readonly<Record<string, { share: number; log(store: Store, run: number): Promise<void> }>> = {
  'COPY into a table with the same key': {
    share,
    async log({ db }, run) {
      await db.execute(`CREATE TABLE IF NOT EXISTS bare (run int, key int, step bigint, ts_ms bigint, value float8,
        PRIMARY KEY (run, key, step, ts_ms, value))`)
      const rows = points(run, 0, steps).map((p, i) => [run, i % metrics, p.step, p.at, p.value])
      await db.copyIn('bare', ['run', 'key', 'step', 'ts_ms', 'value'], one(rows))
    },
  },
  'a batch per run (10,000 points)': {
    share: 1,
    async log(store, run) {
      const { id } = await start(store, run)
      await logBatch(store, id, { metrics: points(run, 0, steps) })
    },
  },
  'run.log() per step, sent by itself': {
    share,
    log: (store, i) =>
      withRun(store, { experiment: 'bench', capture: false }, async (run) => {
        for (let step = 0; step < steps; step++) {
          run.log(Object.fromEntries(names.map((name, m) => [name, Math.sin(i * 7919 + m * 104_729 + step)])), step)
        }
      }),
  },
  'a batch per step (100 points)': {
    share,
    async log(store, run) {
      const { id } = await start(store, run)
      for (let step = 0; step < steps; step++) await logBatch(store, id, { metrics: points(run, step, step + 1) })
    },
  },
  'the first again: nothing is added': {
    share,
    async log(store, run) {
      const [row] = await store.db.rows<{ id: string }>('SELECT id FROM viewcast.execution WHERE name = $1', [
        `run ${run}`,
      ])
      const added = await logBatch(store, row?.id ?? '', { metrics: points(run, 0, steps) })
      if (added !== 0) throw new Error(`${added} points were logged twice`)
    },
  },
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value
}

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const rows: string[][] = []
  const notes: string[] = []
  for (const engine of engines) {
    const all = engine === 'pglite' ? Math.ceil(runs / 10) : runs
    await withDatabase(engine, async (db) => {
      const store = await openStore(db, { project: 'bench', actor: 'bench' })
      let copied = 0
      for (const [way, { share, log }] of Object.entries(ways)) {
        const some = Math.ceil(all * share)
        const begin = performance.now()
        for (let i = 0; i < some; i++) await log(store, i)
        const rate = (some * metrics * steps) / ((performance.now() - begin) / 1000)
        copied ||= rate
        const isHeld = share === 1
        rows.push([
          engine,
          way,
          `${some}`,
          (some * metrics * steps).toLocaleString('en'),
          `${Math.round(rate).toLocaleString('en')}/s`,
          (copied / rate).toFixed(1),
          isHeld ? (copied / rate > ceiling ? 'MISSED' : `below ${ceiling}`) : '',
        ])
        process.stderr.write(`${rows.at(-1)?.join(' | ')}\n`)
        if (isHeld) notes.push(`${engine}: ${await sizes(db)}`)
      }
    })
  }
  notes.push('one run after the other, over one connection')
  return {
    title: 'Logging metrics',
    columns: ['engine', 'way', 'runs', 'points', 'rate', 'of COPY', 'ceiling'],
    rows,
    notes,
  }
}

/** Bytes per point of the table and of its key, and per metric of a run of the latest values. */
async function sizes(db: Database): Promise<string> {
  const [row] = await db.rows<{ points: number; heap: number; index: number; latest: number }>(
    `SELECT (SELECT count(*) FROM viewcast.metric)::float8 AS points,
       pg_table_size('viewcast.metric')::float8 AS heap, pg_indexes_size('viewcast.metric')::float8 AS index,
       pg_total_relation_size('viewcast.metric_latest') / greatest((SELECT count(*) FROM viewcast.metric_latest), 1)::float8 AS latest`,
  )
  const { points = 0, heap = 0, index = 0, latest = 0 } = row ?? {}
  const each = (bytes: number) => (bytes / points).toFixed(0)
  return `${each(heap)} bytes of table and ${each(index)} of index per point (${((heap + index) / 2 ** 20).toFixed(0)} MiB), ${latest.toFixed(0)} per metric of a run for its latest values`
}

async function withDatabase(engine: string, body: (db: Database) => Promise<void>): Promise<void> {
  if (engine === 'postgres') {
    const server = await startServer(['shared_buffers=512MB', 'max_wal_size=4GB', 'jit=off'])
    try {
      await closing(await connect(server.url), body)
    } finally {
      await server.stop()
    }
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'viewcast-bench-'))
  try {
    await closing(await connect(join(folder, 'data')), body)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function closing(db: Database, body: (db: Database) => Promise<void>): Promise<void> {
  try {
    await body(db)
  } finally {
    await db.close()
  }
}
