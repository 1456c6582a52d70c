/** From rows in PostgreSQL to coefficients with standard errors: the whole of `trainModel` against scikit-learn and COPY. */
import { connect, type Database, type ModelDef, numeric, project, trainModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { startServer } from '../test/engines/postgres-server.ts'
import { inRounds, least, median } from './timing.ts'
import { startPeer } from './train-peer.ts'

const columns = 20
const names = Array.from({ length: columns }, (_, j) => `x${j + 1}`)

/** Normal columns, each correlated with the one before, a label of 0 and 1, and a number; the same each time. */
const table = (rows: number): string => `
  SELECT setseed(0.5);
  CREATE TABLE rows AS
    WITH drawn AS MATERIALIZED (
      SELECT i AS id, ${names.map((n) => `sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS ${n}`).join(', ')}
        FROM generate_series(1, ${rows}) AS g (i)
    ), scored AS (
      SELECT *, ${names.map((n, j) => `${(0.4 * Math.cos(j)).toFixed(3)} * ${n}`).join(' + ')} - 0.5 AS score FROM drawn
    )
    SELECT id, ${names.join(', ')},
           CASE WHEN random() < 1 / (1 + exp(-score)) THEN 1 ELSE 0 END::float8 AS bought,
           score + sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS spent
      FROM scored;
  ANALYZE rows`

function modelOf(family: 'logistic' | 'linear', label: string): ModelDef {
  const p = project<Record<string, never>>('bench')
  const row = p.entity('row', { id: 'int4' })
  const list = sql.raw(['id', ...names, label].join(', '))
  const sample = p.sample('rows', { entity: row }).query((() => sql`SELECT ${list} FROM rows`) as never)
  const dataset = p.dataset('all', { sample, features: [] })
  const inputs = Object.fromEntries(names.map((n) => [n, numeric({ standardize: false })]))
  return p.model(family, { dataset, family, label } as never).inputs(inputs as never) as never
}

export interface Contest {
  readonly title: string
  readonly peer: string
  readonly ours: { readonly wall: number[]; readonly cpu: number[] }
  readonly theirs: { readonly wall: number[]; readonly cpu: number[] }
  /** Largest relative difference of a coefficient. */
  readonly difference: number
}

const contests = [
  {
    title: 'logistic',
    family: 'logistic',
    label: 'bought',
    peers: { 'newton-cholesky': { model: 'logistic', solver: 'newton-cholesky' } },
  },
  {
    title: 'least squares',
    family: 'linear',
    label: 'spent',
    peers: { LinearRegression: { model: 'linear' }, 'Ridge, cholesky': { model: 'ridge' } },
  },
] as const

export async function endToEnd(rows: number, rounds: number): Promise<Contest[]> {
  const given = process.env['BENCH_POSTGRES']
  const server = given === undefined ? await startServer(['shared_buffers=1GB', 'max_wal_size=8GB']) : undefined
  const url = given ?? (server?.url as string)
  const db = await connect(url)
  const peer = startPeer(['--database', url])
  try {
    await db.execute(`DROP TABLE IF EXISTS rows; ${table(rows)}`)
    const results: Contest[] = []
    for (const { title, family, label, peers } of contests) {
      process.stderr.write(`${title} from the database: ${rows} rows × ${columns}…\n`)
      const model = modelOf(family, label)
      const ours = { wall: [] as number[], cpu: [] as number[] }
      await train(db, model)
      const found: { name: string; wall: number[]; cpu: number[]; theta: readonly number[] }[] = []
      for (const [name, options] of peer === undefined ? [] : Object.entries(peers)) {
        const { theta } = await peer.ask({ ...options, label, columns: names })
        found.push({ name, wall: [], cpu: [], theta })
      }
      let theta: readonly number[] = []
      await inRounds(rounds, {
        ours: async () => {
          const answer = await train(db, model)
          ours.wall.push(answer.wall)
          ours.cpu.push(answer.cpu)
          theta = answer.theta
        },
        ...Object.fromEntries(
          found.map((f) => [
            f.name,
            async () => {
              const options = (peers as Record<string, object>)[f.name]
              const answer = await peer?.ask({ ...options, label, columns: names })
              f.wall.push(answer?.wall ?? Number.NaN)
              f.cpu.push(answer?.cpu ?? Number.NaN)
            },
          ]),
        ),
      })
      for (const f of found) {
        const difference = Math.max(...theta.map((v, i) => Math.abs(v / (f.theta[i] as number) - 1)))
        results.push({ title, peer: f.name, ours, theirs: f, difference })
      }
      if (found.length === 0)
        results.push({ title, peer: 'not installed', ours, theirs: { wall: [], cpu: [] }, difference: Number.NaN })
    }
    return results
  } finally {
    peer?.close()
    await db.close()
    await server?.stop()
  }
}

async function train(db: Database, model: ModelDef) {
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const { record } = await trainModel(db, model)
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(cpuBefore)
  if (record.coefficients.some((c) => c.standardError === null)) throw new Error('a standard error is missing')
  return { wall, cpu: (user + system) / 1000, theta: record.coefficients.map((c) => c.estimate) }
}

export const ratioOf = (a: readonly number[], b: readonly number[], of = median): number => of(a) / of(b)
export { least, median }
