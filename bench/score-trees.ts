/** Scoring 100 boosted trees of depth 6 in the database: the prediction query against the shape other converters write. */
import { readFileSync } from 'node:fs'
import { connect, importModel, predictionQuery, project } from '@viewcast/sdk'
import pg from 'pg'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, median } from './timing.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 50_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const ceiling = 0.75

const features = Array.from({ length: 10 }, (_, i) => `x${i + 1}`)
const depth = 6
const inner = 2 ** depth - 1
const nodes = 2 * inner + 1
const mix = (n: number): number => ((Math.imul(n ^ 0x9e3779b9, 0x85ebca6b) >>> 8) / 2 ** 24) % 1

/** What xgboost would have saved: complete trees over ten features. */
const trees = Array.from({ length: Number(process.env['BENCH_TREES'] ?? 100) }, (_, t) => ({
  left_children: Array.from({ length: nodes }, (_, i) => (i < inner ? 2 * i + 1 : -1)),
  right_children: Array.from({ length: nodes }, (_, i) => (i < inner ? 2 * i + 2 : -1)),
  split_indices: Array.from({ length: nodes }, (_, i) => (i * 7 + t * 3) % features.length),
  split_conditions: Array.from({ length: nodes }, (_, i) => {
    const x = mix(t * nodes + i)
    return Math.fround(i < inner ? x : (x - 0.5) / 5)
  }),
  default_left: Array.from({ length: nodes }, (_, i) => i % 2),
}))
const model = {
  version: [1, 7, 4],
  learner: {
    feature_names: features,
    objective: { name: 'binary:logistic' },
    learner_model_param: { base_score: '5E-1', num_class: '0', num_feature: String(features.length) },
    gradient_booster: { name: 'gbtree', model: { tree_info: trees.map(() => 0), trees } },
  },
}

/** One statement, nested CASEs with bare decimals, a flat sum, the textbook sigmoid. */
function naive(): string {
  const node = (t: (typeof trees)[number], i: number): string => {
    const value = t.split_conditions[i] ?? 0
    if (i >= inner) return value < 0 ? `(${value})` : String(value)
    const x = features[t.split_indices[i] ?? 0]
    return `CASE WHEN (${x} < ${value}) THEN ${node(t, 2 * i + 1)} ELSE ${node(t, 2 * i + 2)} END`
  }
  const sum = trees.map((t) => node(t, 0)).join(' + ')
  return `SELECT id, 1 / (1 + exp(-(0 + ${sum}))) AS probability FROM rows`
}

/** Processor time of a backend in milliseconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

export default async function scoreTrees() {
  const server = await startServer()
  try {
    const db = await connect(server.url)
    const value = (i: number) => `(hashint8extended(g, ${i}) >> 11)::float8 / 9007199254740992 + 0.5`
    await db.execute(`
      CREATE TABLE rows AS SELECT g AS id, ${features.map((f, i) => `${value(i)} AS ${f}`).join(', ')}
        FROM generate_series(1, ${rows}) AS g;
      CREATE TABLE outcomes (id int4, y bool);
      ANALYZE rows;
    `)
    const p = project<Record<string, Record<string, number>>>('bench')
    const row = p.entity('row', { id: 'int4' }, { from: 'rows' })
    const sample = p.sample('rows', { entity: row }).existing('rows')
    const target = p.target('outcome', { entity: row }).existing('outcomes').label({ y: 'bool' })
    const dataset = p.dataset('scored', { sample, target, features: [] })
    const declared = p.model('boosted', { dataset, family: 'logistic', label: 'y' })
    const { record } = await importModel(db, declared, JSON.stringify(model))
    const ours = (await predictionQuery(db, declared, record, { spine: 'sample' })).sql
    await db.close()

    const client = new pg.Client(server.url)
    await client.connect()
    await client.query('SET jit = off; SET max_parallel_workers_per_gather = 0')
    const pid = Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid)
    const contender = (sql: string, before = 'SET jit = off') => {
      const cpu: number[] = []
      const run = async () => {
        await client.query(before)
        const start = cpuOf(pid)
        await client.query(`EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) ${sql}`)
        cpu.push(cpuOf(pid) - start)
      }
      return { cpu, run, bytes: sql.length }
    }
    const contenders = {
      ours: contender(ours),
      naive: contender(naive()),
      compiled: contender(ours, 'SET jit = on; SET jit_above_cost = 0'),
    }
    const { ours: a, naive: b } = contenders
    await inRounds(rounds, { ours: a.run, naive: b.run })
    await contenders.compiled.run()
    const differing = await client.query(
      `SELECT count(*) FILTER (WHERE abs(a.probability - b.probability) > 1e-9) AS n, max(abs(a.probability - b.probability)) AS most
         FROM (${ours}) AS a JOIN (${naive()}) AS b USING (id)`,
    )
    await client.end()
    const ratio = median(a.cpu) / median(b.cpu)
    const line = (name: string, { cpu, bytes }: (typeof contenders)['ours'], verdict = '') => [
      name,
      duration(median(cpu)),
      `${((median(cpu) / rows) * 1000).toFixed(1)} µs`,
      `${(bytes / 1e6).toFixed(2)} MB`,
      (median(cpu) / median(b.cpu)).toFixed(2),
      verdict,
    ]
    return {
      title: `${trees.length} trees of depth ${depth}, ${rows} rows of ${features.length} float8 columns, processor time`,
      columns: ['shape', 'median', 'per row', 'text', 'ratio', `at most ${ceiling}`],
      rows: [
        line('prediction query', a, ratio <= ceiling ? 'ok' : 'MISSED'),
        line('one statement, bare decimals', b),
        line('prediction query with jit', contenders.compiled),
      ],
      notes: [
        `${differing.rows[0].n} rows differ between the shapes by more than 1e-9 (most: ${Number(differing.rows[0].most).toExponential(1)}): the second compares and adds in other arithmetic than the library`,
      ],
    }
  } finally {
    await server.stop()
  }
}
