/** From rows in PostgreSQL to coefficients with standard errors: all of `trainModel` against COPY and scikit-learn. */
import { connect, type Database, type ModelDef, numeric, project, trainModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { startServer } from '../test/engines/postgres-server.ts'
import { startPeer } from './peer.ts'
import { duration, inRounds, least, median } from './timing.ts'

const names = Array.from({ length: 20 }, (_, j) => `x${j + 1}`)
const timeCeiling = 1
/** newton-cholesky stops at its default tolerance. */
const differenceCeiling = 1e-6

const normal = 'sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())'
const score = names.map((n, j) => `${(0.4 * Math.cos(j)).toFixed(3)} * ${n}`).join(' + ')

/** Independent normal columns, an outcome of 0 and 1, and a number; the same each time. */
const table = (rows: number): string => `
  SELECT setseed(0.5);
  DROP TABLE IF EXISTS rows;
  CREATE UNLOGGED TABLE rows AS
    WITH drawn AS MATERIALIZED (
      SELECT i AS id, ${names.map((n) => `${normal} AS ${n}`).join(', ')} FROM generate_series(1, ${rows}) AS g (i)
    ), scored AS MATERIALIZED (
      SELECT *, ${score} - 0.5 AS score FROM drawn
    )
    SELECT id, ${names.join(', ')},
           CASE WHEN random() < 1 / (1 + exp(- score)) THEN 1 ELSE 0 END::float8 AS bought, score + ${normal} AS spent
      FROM scored;
  VACUUM ANALYZE rows`

const contests = [
  { title: 'logistic', family: 'logistic', label: 'bought', peers: ['newton-cholesky', 'lbfgs'] },
  { title: 'least squares', family: 'linear', label: 'spent', peers: ['LinearRegression', 'Ridge, cholesky'] },
] as const
type Contest = (typeof contests)[number]

function modelOf({ family, label }: Contest): ModelDef {
  const p = project<Record<string, never>>('bench')
  const row = p.entity('row', { id: 'int4' })
  const list = sql.raw(['id', ...names, label].join(', '))
  const sample = p.sample('asked', { entity: row }).query((() => sql`SELECT ${list} FROM rows`) as never)
  const dataset = p.dataset('all', { sample, features: [] })
  const inputs = Object.fromEntries(names.map((n) => [n, numeric()]))
  return p.model('bench', { dataset, family, label } as never).inputs(inputs as never) as never
}

interface Run {
  readonly wall: number
  readonly cpu: number
  readonly theta: readonly number[]
}

async function train(db: Database, model: ModelDef): Promise<Run> {
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const { record } = await trainModel(db, model, { where: 'process' })
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(cpuBefore)
  if (record.coefficients.some((c) => c.standardError === null)) throw new Error('A standard error is missing')
  return { wall, cpu: (user + system) / 1000, theta: record.coefficients.map((c) => c.estimate) }
}

/** Rows of the table that train.ts prints. BENCH_POSTGRES names a server; one is started otherwise. */
export async function endToEnd(rows: number, rounds: number): Promise<string[][]> {
  const given = process.env['BENCH_POSTGRES']
  const server = given === undefined ? await startServer(['shared_buffers=1GB', 'max_wal_size=8GB']) : undefined
  const url = given ?? (server?.url as string)
  const db = await connect(url)
  const peer = await startPeer('train-peer-copy.py', [url], ['sklearn', 'psycopg2'])
  try {
    for (const statement of table(rows).split(';')) await db.execute(statement)
    const lines: string[][] = []
    for (const contest of contests) {
      process.stderr.write(`${contest.title} from the database: ${rows} rows × ${names.length}…\n`)
      const model = modelOf(contest)
      const ask = (name: string): Promise<Run> | undefined =>
        peer?.ask({ model: name, columns: names, label: contest.label })
      const runs: Record<string, Run[]> = {}
      const turn = (name: string, run: () => Promise<Run> | undefined) => async (): Promise<void> => {
        const result = await run()
        if (result !== undefined) runs[name] = [...(runs[name] ?? []), result]
      }
      await train(db, model)
      await inRounds(rounds, {
        ours: turn('ours', () => train(db, model)),
        ...Object.fromEntries(contest.peers.map((name) => [name, turn(name, () => ask(name))])),
      })
      const ours = runs['ours'] ?? []
      for (const name of contest.peers) lines.push(...compared(contest.title, name, ours, runs[name] ?? []))
    }
    return lines
  } finally {
    peer?.close()
    await db.close()
    await server?.stop()
  }
}

function compared(title: string, peer: string, ours: readonly Run[], theirs: readonly Run[]): string[][] {
  const from = `from PostgreSQL, ${title}`
  const times = (['wall', 'cpu'] as const).map((measure) => {
    const [mine, other] = [ours.map((r) => r[measure]), theirs.map((r) => r[measure])]
    if (theirs.length === 0) return [from, 'peer not installed', measure, duration(median(mine))]
    const ratio = median(mine) / median(other)
    const verdict = measure === 'wall' ? (ratio <= timeCeiling ? 'held' : 'MISSED') : ''
    const minima = least(mine) / least(other)
    return [
      from,
      peer,
      measure,
      duration(median(mine)),
      duration(median(other)),
      ratio.toFixed(2),
      minima.toFixed(2),
      verdict,
    ]
  })
  const theta = theirs[0]?.theta
  if (theta === undefined || peer === 'lbfgs') return times
  const worst = Math.max(...(ours[0]?.theta ?? []).map((v, i) => Math.abs(v / (theta[i] as number) - 1)))
  const verdict = worst <= differenceCeiling ? 'held' : 'MISSED'
  return [...times, [from, peer, 'coefficients', '', '', worst.toExponential(1), '', verdict]]
}
