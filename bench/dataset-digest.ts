/**
 * The digest of a dataset against what it cannot be faster than (counting the rows), and against the shape that is written by
 * hand: md5 of the text of each row, which hangs on the session and on the last bits of sums.
 */
import { connect, type Database, digestRows } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, inRounds, least, median } from './timing.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 1_000_000)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
/** Milliseconds for a million rows on a server. */
const ceiling = 10_000

const table = `CREATE TABLE departures AS
  SELECT i AS id, 'key ' || i % 1000 AS key, md5(i::text) AS name, (i * 0.37)::float8 AS f1, sqrt(i::float8) AS f2,
    (i % 100) / 7.0::float8 AS f3, ln(i::float8) AS f4, (i * 1.10)::numeric(12, 2) AS price,
    timestamptz '2001-01-01Z' + make_interval(secs => i) AS at, date '2001-01-01' + i % 1000 AS day, i % 2 = 0 AS flag, i::int8 * 1000003 AS large
  FROM generate_series(1, ${rows}) AS i; ANALYZE departures`

const half = (at: number): string => `sum(('x' || substr(m, ${at}, 16))::bit(64)::int8)`
const byHand = `SELECT count(*), ${half(1)}, ${half(17)} FROM (SELECT md5(d::text) AS m FROM departures AS d OFFSET 0) AS q`
const stored = 'SELECT * FROM departures'
const computed = `SELECT id, key, name, f1 * 2 AS f1, f2 * 2 AS f2, f3 * 2 AS f3, f4 * 2 AS f4, price, at, day, flag, large FROM departures`

async function measured(db: Database): Promise<Record<string, number[]>> {
  await db.execute(table)
  const times: Record<string, number[]> = { count: [], 'by hand': [], 'digest, stored': [], 'digest, computed': [] }
  const timed = (name: string, body: () => Promise<unknown>) => async () => {
    const start = performance.now()
    await body()
    times[name]?.push(performance.now() - start)
  }
  await inRounds(rounds, {
    count: timed('count', () => db.query('SELECT count(*) FROM departures')),
    byHand: timed('by hand', () => db.query(byHand)),
    stored: timed('digest, stored', () => digestRows(db, stored)),
    computed: timed('digest, computed', () => digestRows(db, computed)),
  })
  return times
}

export default async function run() {
  const server = await startServer(['shared_buffers=512MB'])
  const postgres = await connect(server.url)
  const [version] = await postgres.rows<{ v: string }>(`SELECT current_setting('server_version') AS v`)
  const onServer = await measured(postgres)
  await postgres.close()
  await server.stop()
  const pglite = await openTestDatabase()
  const embedded = await measured(pglite)
  await pglite.close()
  const limit = (ceiling * rows) / 1_000_000
  const table = (engine: string, times: Record<string, number[]>, isHeld: boolean): string[][] =>
    Object.entries(times).map(([what, all]) => {
      const verdict = !isHeld || !what.startsWith('digest') ? '' : least(all) <= limit ? 'kept' : 'MISSED'
      return [engine, what, duration(median(all)), duration(least(all)), verdict]
    })
  return {
    title: `Digest of ${rows.toLocaleString('en-US')} rows of 12 columns`,
    columns: ['engine', 'statement', 'median', 'least', 'ceiling'],
    rows: [...table(`PostgreSQL ${version?.v.split(' ')[0]}`, onServer, true), ...table('PGlite', embedded, false)],
    notes: [
      'by hand: md5 of the text of each row, sums of halves; another value in another session or plan',
      `the ceiling is ${duration(limit)} for a digest on the server`,
    ],
  }
}
