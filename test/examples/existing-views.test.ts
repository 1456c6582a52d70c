/** The example over existing views: the truth is recovered, and one text runs where only base tables are. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadRecord, predictionQuery, trainModel } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { existingViews } from '../../examples/existing-views/main.ts'
import { purchase } from '../../examples/existing-views/project.ts'
import { createTables, ForeignTables, prepare } from '../../examples/existing-views/src/prepare.ts'
import { describeEachEngine } from '../engines/each-engine.ts'

describeEachEngine('the example over existing views', (engine) => {
  let directory = ''
  let target = ''
  let result: Awaited<ReturnType<typeof existingViews>>
  const printed: string[] = []
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'viewcast-'))
    target = engine.url ?? join(directory, 'data')
    result = await existingViews(target, (line) => printed.push(line), directory)
  }, 300_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('recovers every coefficient within three standard errors', () => {
    expect(result.coefficients.map((c) => c.name)).toHaveLength(6)
    for (const c of result.coefficients) {
      expect(c.distance, c.name).toBeLessThanOrEqual(3)
      // An error so wide that it covers anything would prove nothing.
      expect(c.standardError, c.name).toBeLessThan(0.1)
    }
    // The most frequent country is the level the others are counted from.
    expect(result.record.inputs.find((i) => i.feature === 'Country')?.encoder).toMatchObject({ base: 'US' })
    expect(result.record.dataset.trainRows).toBe(20_000)
  })

  test('reads no view: every relation of the schema is a base table', () => {
    for (const sql of [result.sql, result.trainingQuery]) {
      const read = new Set([...sql.matchAll(/public\."?(\w+)"?/g)].map(([, name]) => name))
      expect([...read].every((name) => ['Customer', 'Visit', 'Order'].includes(name ?? ''))).toBe(true)
      // A view that two views stand on is there once.
      expect(sql.match(/"vw_HumanVisit" AS \(/g)).toHaveLength(1)
    }
    expect(result.sql).not.toContain('Order')
  })

  test('gives the same numbers where only the base tables are', () => {
    expect(result.comparison).toMatchObject({ rows: 20_000, missing: 0 })
    // `exp` of another build may differ in the last places.
    expect(result.comparison.maxUlp).toBeLessThanOrEqual(engine.name === 'pglite' ? 0 : 4)
  })

  test('prints the queries and the table, and keeps the record', async () => {
    expect(printed).toContain(result.trainingQuery)
    expect(printed).toContain(`${result.sql};`)
    expect(printed).toContain('\nAll are within three standard errors of the truth.')
    expect(await loadRecord(directory, 'purchase')).toEqual(result.record)
  })

  test('uses what it made before again, and gives the same', async () => {
    const again = await existingViews(target, () => undefined, directory)
    expect(again.record.coefficients).toEqual(result.record.coefficients)
  })

  test('refuses tables it did not make, and leaves them', async () => {
    const db = await engine.open()
    await db.execute('CREATE TABLE "Order" (note text); INSERT INTO "Order" VALUES (\'mine\')')
    await expect(prepare(db)).rejects.toThrow(ForeignTables)
    await expect(prepare(db)).rejects.toThrow(/"Order" already/)
    expect(await db.rows('SELECT note FROM "Order"')).toEqual([{ note: 'mine' }])
    expect((await db.introspect()).relations).toHaveLength(1)
  })
})

describeEachEngine('the prediction query as text', (engine) => {
  test('pasted into psql on a server with base tables only, it gives the same numbers', async ({ skip }) => {
    if (engine.url === undefined) return skip('psql speaks to servers')
    const db = await engine.open()
    await prepare(db)
    const { record } = await trainModel(db, purchase)
    const { sql } = await predictionQuery(db, purchase, record, { spine: 'sample' })
    await createTables(engine.db)
    expect((await engine.db.introspect()).relations.map((r) => r.name).sort()).toEqual(['Customer', 'Order', 'Visit'])
    const pasted = await psql(engine.url, `${sql};\n`)
    if (pasted === 'not installed') {
      expect(process.env['VIEWCAST_REQUIRE_POSTGRES'], 'psql is not installed').not.toBe('1')
      return skip('psql is not installed')
    }
    const expected = (await db.query(sql)).rows.map((row) => row.join(','))
    expect(expected).toHaveLength(20_000)
    expect(pasted.trimEnd().split('\n').sort()).toEqual(expected.sort())
  })
})

/** What psql prints for a text on its standard input, as lines of values with commas. */
async function psql(url: string, text: string): Promise<string> {
  const options = ['--no-psqlrc', '--quiet', '--csv', '--tuples-only', '--set', 'ON_ERROR_STOP=1', url]
  const running = promisify(execFile)('psql', options, { maxBuffer: 2 ** 26 })
  running.child.stdin?.on('error', () => undefined).end(text)
  try {
    return (await running).stdout
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return 'not installed'
    throw e
  }
}
