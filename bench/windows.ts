/** The forms of declared windows against each other: by number of questions, by density of the events, with an index. */
import { type AggregatesView, type Column, type WindowForm, windowSql } from '@viewcast/compiler'
import { project } from '@viewcast/sdk'
import pg from 'pg'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, least } from './timing.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 2)
const sizes = (process.env['BENCH_QUESTIONS'] ?? '1000,100000,1000000').split(',').map(Number)
/** A form that takes longer is stopped. */
const limit = Number(process.env['BENCH_LIMIT_SECONDS'] ?? 60)

interface DB {
  sparse: { k: number; at: Date; v: number; f: number; c: string }
  dense: { k: number; at: Date; v: number; f: number; c: string }
}
const p = project<DB>('bench')
const thing = p.entity('thing', { k: 'int4' })
const columns: readonly Column[] = Object.entries({
  k: 'int4',
  at: 'timestamptz',
  v: 'int4',
  f: 'float8',
  c: 'text',
}).map(([name, type]) => ({ name, type, nullable: true }))
const windows = { '7d': '7 days', '30d': '30 days' } as const

/** Totals that can be taken back, and a view with what can not. */
const viewsOf = (source: keyof DB): readonly { what: string; view: AggregatesView; forms: readonly WindowForm[] }[] => [
  {
    what: 'count, sum',
    forms: ['join', 'lateral', 'running'],
    view: p.aggregates('w', {
      entity: thing,
      source,
      time: 'at',
      windows,
      features: (a) => ({ n: a.count(), s: a.sum('v') }),
    }),
  },
  {
    what: 'sum of float8, last',
    forms: ['join', 'lateral'],
    view: p.aggregates('w', {
      entity: thing,
      source,
      time: 'at',
      windows,
      features: (a) => ({ n: a.sum('f'), c: a.last('c') }),
    }),
  },
]

/** Events per 30 days and key: some 8, and some 830. */
const tables: readonly { name: keyof DB; keys: number; days: number }[] = [
  { name: 'sparse', keys: 50_000, days: 150 },
  { name: 'dense', keys: 100, days: 720 },
]

const fill = ({ name, keys, days }: (typeof tables)[number], questions: number): string => `
  SELECT setseed(0.5);
  CREATE TABLE ${name} AS
    SELECT (random() * ${keys - 1})::int4 AS k, timestamptz '2023-01-01Z' + random() * interval '${days * 24} hours' AS at,
           (random() * 1000)::int4 AS v, random() AS f, chr(65 + (random() * 25)::int4) AS c
      FROM generate_series(1, 2000000);
  CREATE INDEX ON ${name} (k, at);
  CREATE TABLE ${name}_asked AS
    SELECT (random() * ${keys - 1})::int4 AS k, timestamptz '2023-01-01Z' + random() * interval '${days * 24} hours' AS as_of
      FROM generate_series(1, ${questions});
  CREATE TABLE ${name}_keys AS SELECT k FROM generate_series(0, ${keys - 1}) AS k;
  VACUUM ANALYZE ${name}; ANALYZE ${name}_asked; ANALYZE ${name}_keys`

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const server = await startServer(['shared_buffers=2GB', 'work_mem=256MB', 'jit=off'])
  const client = new pg.Client(server.url)
  const rows: string[][] = []
  try {
    await client.connect()
    for (const t of tables) for (const one of fill(t, Math.max(...sizes)).split(';')) await client.query(one)
    await client.query(`SET statement_timeout = '${limit}s'`)
    for (const t of tables) {
      const middle = `timestamptz '2023-01-01Z' + interval '${t.days * 12} hours'`
      const questions = [
        ...sizes.map((n) => [`${n}`, `SELECT DISTINCT k, as_of FROM (SELECT * FROM ${t.name}_asked LIMIT ${n}) AS a`]),
        ['all keys now', `SELECT k, ${middle} AS as_of FROM ${t.name}_keys`],
        ['one key now', `SELECT 7 AS k, ${middle} AS as_of`],
      ] as const
      for (const { what, view, forms } of viewsOf(t.name)) {
        for (const [asked, spine] of questions) {
          const times = { join: '-', lateral: '-', running: '-' }
          for (const form of forms) times[form] = await timed(client, view, form, spine)
          rows.push([t.name, what, asked, times.join, times.lateral, times.running])
          process.stderr.write(`${rows.at(-1)?.join(' | ')}\n`)
        }
      }
    }
  } finally {
    await client.end()
    await server.stop()
  }
  const notes = [
    `2 M events; windows of 7 and 30 days; index on (k, at); least of ${rounds} runs on warm caches; "-": the form cannot represent the view`,
  ]
  return {
    title: 'Forms of declared windows',
    columns: ['events', 'aggregates', 'questions', 'join', 'lateral', 'running'],
    rows,
    notes,
  }
}

async function timed(client: pg.Client, view: AggregatesView, form: WindowForm, spine: string): Promise<string> {
  const sql = windowSql(view, columns, new Set(Object.keys(view.features)), form)
  // As in a compiled query: asked for by the questions, every column read.
  const statement = `WITH spine AS (${spine}), r AS (${sql}) SELECT count(r.*) FROM spine LEFT JOIN r USING (k, as_of)`
  const times: number[] = []
  for (let i = 0; i < rounds; i++) {
    const start = performance.now()
    try {
      await client.query(statement)
    } catch (e) {
      if ((e as { code?: string }).code === '57014') return `over ${limit} s`
      throw e
    }
    times.push(performance.now() - start)
    if ((times[0] ?? 0) > 20_000) break
  }
  return duration(least(times))
}
