/** The demo on a part of the file: the main job on real data, and loads that go wrong. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, loadRecord } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../examples/flight-delays/demo.ts'
import { ForeignTables, loadFlights } from '../../examples/flight-delays/load.ts'
import type { Screen } from '../../examples/flight-delays/src/screen.ts'
import { build } from '../engines/build.ts'
import { describeEachEngine } from '../engines/each-engine.ts'

/** A week of flights: fewer, and the days held out are unlike those trained on. */
const size = 120_000

describe('the flights demo', () => {
  let directory = ''
  let result: Awaited<ReturnType<typeof demo>>
  const printed: string[] = []
  const screen: Screen = {
    print: (text) => printed.push(text),
    step: () => ({ update: () => undefined, end: () => undefined }),
  }
  beforeAll(async () => {
    await build()
    directory = await mkdtemp(join(tmpdir(), 'viewcast-'))
    result = await demo({ size, database: join(directory, 'data'), directory }, screen)
    // Half a minute on a machine of its own; tests share theirs.
  }, 400_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('the history earns its place: better than the base rate and than the timetable alone', () => {
    const { test: full, baseline } = result.record.metrics
    const plain = result.plain.metrics.test
    const [auc, plainAuc] = [full['auc'] ?? 0, plain['auc'] ?? 1]
    expect(auc).toBeGreaterThan(0.6)
    expect(auc).toBeGreaterThan(plainAuc + 0.05)
    const logLoss = full['logLoss'] ?? 1
    expect(logLoss).toBeLessThan((baseline['logLoss'] ?? 0) - 0.02)
    expect(logLoss).toBeLessThan((plain['logLoss'] ?? 0) - 0.02)
    expect(full['brier']).toBeLessThan((baseline['brier'] ?? 0) - 0.005)
    expect(result.record.dataset.testRows).toBeGreaterThan(10_000)
  })

  test('interpreter and database agree, and nothing looks into the future', () => {
    expect(result.report.parity.rows).toBeGreaterThan(3000)
    expect(result.report.parity.mismatched).toBe(0)
    expect(result.report.parity.maxUlp).toBeLessThanOrEqual(4)
    expect(result.report.checks.map((c) => [c.name, c.ok])).toEqual([
      ['parity', true],
      ['rows', true],
      ['no-future', true],
      ['verification', true],
    ])
  })

  test('predicts: the five riskiest routes, the riskiest first', () => {
    const probabilities = result.predictions.top.map(([, probability]) => Number(probability))
    expect(probabilities).toHaveLength(5)
    expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a))
    expect(probabilities.every((x) => x > 0.4 && x < 1)).toBe(true)
  })

  test('writes the queries and the records, and says where', async () => {
    expect(await readFile(result.written.training, 'utf8')).toMatch(/^-- Training query of dataset "delays"/)
    expect(await readFile(result.written.prediction, 'utf8')).toMatch(/^-- Prediction query of model "delay15"/)
    expect(await loadRecord(directory, 'delay15')).toEqual(result.record)
    expect(await loadRecord(directory, 'delay15_timetable')).toEqual(result.plain)
    const said = printed.join('\n')
    for (const path of Object.values(result.written)) expect(said).toContain(path.slice(path.indexOf('viewcast-')))
    expect(said).toContain('What to type next')
  })

  test('what it says to type next works, typed in the folder of the example', () => {
    const example = join(import.meta.dirname, '../../examples/flight-delays')
    const commands = printed.join('\n').match(/(?<=^ +npx )viewcast .*/gm) ?? []
    expect(commands.length).toBeGreaterThan(4)
    for (const command of commands) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', `node_modules/.bin/${command}`], {
        cwd: example,
        encoding: 'utf8',
        env: { ...process.env, DATABASE_URL: join(directory, 'data'), NODE_OPTIONS: '' },
      })
      expect(status, `${command}\n${stderr}`).toBe(0)
      expect(stdout, command).not.toBe('')
    }
  })

  test('what is loaded is used again, and each delay is known when the flight has landed', async () => {
    expect(result.loaded).toMatchObject({ flights: size, reused: false })
    const db = await connect(join(directory, 'data'))
    try {
      expect(await loadFlights(db, { flights: size })).toEqual({ ...result.loaded, reused: true })
      // 480 mph is eight miles a minute.
      expect(
        await db.rows(
          `SELECT count(*)::int4 AS n FROM flights
           WHERE landed_at IS DISTINCT FROM departed_at + (30 + round(distance / 8.0)) * interval '1 minute'`,
        ),
      ).toEqual([{ n: 0 }])
    } finally {
      await db.close()
    }
  })
})

describeEachEngine('loading flights', (engine) => {
  test('interrupted, leaves nothing behind, and works later', async () => {
    const abort = new AbortController()
    const onProgress = () => abort.abort()
    await expect(loadFlights(engine.db, { flights: 30_000, onProgress, signal: abort.signal })).rejects.toThrow()
    expect((await engine.db.introspect()).relations).toEqual([])
    expect(await loadFlights(engine.db, { flights: 20_000 })).toMatchObject({ flights: 20_000, reused: false })
  })

  test('interrupted, keeps what was there before', async () => {
    const abort = new AbortController()
    const onProgress = () => abort.abort()
    await expect(loadFlights(engine.db, { flights: 30_000, onProgress, signal: abort.signal })).rejects.toThrow()
    expect(await loadFlights(engine.db, { flights: 20_000 })).toMatchObject({ flights: 20_000, reused: true })
  })

  test('refuses tables it did not make, and leaves them', async () => {
    const db = await engine.open()
    await db.execute("CREATE TABLE flights (note text); INSERT INTO flights VALUES ('mine')")
    await expect(loadFlights(db, { flights: 20_000 })).rejects.toThrow(ForeignTables)
    expect(await db.rows('SELECT note FROM flights')).toEqual([{ note: 'mine' }])
    expect((await db.introspect()).relations.map((r) => r.name)).toEqual(['flights'])
  })
})
