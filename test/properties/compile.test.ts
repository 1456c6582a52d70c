/** What a compilation may never change, on random schemas, data and queries. */
import {
  type CompileOptions,
  decode,
  encode,
  type Passes,
  passNames,
  predictionQuery,
  trainingQuery,
} from '@viewcast/compiler'
import { type Database, findLeaks, prepareDataset } from '@viewcast/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { type World, world } from './worlds.ts'

const off = (...names: (keyof Passes)[]): CompileOptions => ({
  passes: Object.fromEntries(names.map((n) => [n, false])),
})
const variants: Readonly<Record<string, CompileOptions>> = {
  ...Object.fromEntries(passNames.map((name) => [`without ${name}`, off(name)])),
  'with every optional pass off': off(...passNames),
  'for a cluster': { dialect: 'citus' },
}

/** Rows as text, in an order of their own: a statement without ORDER BY promises none. */
const rowsOf = async (db: Database, sql: string): Promise<string[]> =>
  (await db.query(sql)).rows.map((row) => JSON.stringify(row)).sort()

describeEachEngine('a compilation', (engine) => {
  const each = (runs: number, seed: number, body: (w: World) => Promise<void>) =>
    fc.assert(
      fc.asyncProperty(world, async (w) => {
        await engine.db.execute(w.setup)
        await body(w)
      }),
      { numRuns: runs, seed },
    )

  test('gives the rows of the sample, each once, whatever the views return', async () => {
    await each(60, 1, async (w) => {
      const { dataset, facts } = await prepareDataset(engine.db, w.dataset)
      const rows = await engine.db.rows<{ id: number }>(trainingQuery(dataset, facts).sql)
      expect(rows.map((r) => r.id).sort((a, b) => a - b)).toEqual(Array.from({ length: w.rows }, (_, i) => i))
    })
  })

  test('gives the same rows with each optional pass off, and with all', async () => {
    let compared = 0
    await each(40, 2, async (w) => {
      const { dataset, facts } = await prepareDataset(engine.db, w.dataset)
      const model = { ...w.model, dataset }
      const queries = (options: CompileOptions) => [
        trainingQuery(dataset, facts, options).sql,
        predictionQuery(model, w.record, facts, { ...options, spine: { kind: 'sample' } }).sql,
        predictionQuery(model, w.record, facts, { ...options, spine: { kind: 'entities', at: '2024-01-01T20:00Z' } })
          .sql,
      ]
      const plain = queries({})
      const expected = await Promise.all(
        plain.map((sql) => rowsOf(engine.db, sql).catch((e: unknown) => expect.fail(`${e}\n${sql}`))),
      )
      expect(expected.map((rows) => rows.length)).toEqual([w.rows, w.rows, w.entities])
      // A pass that has nothing to do leaves the text as it is: each text is asked once.
      const asked = new Set(plain)
      for (const [name, options] of Object.entries(variants)) {
        for (const [i, sql] of queries(options).entries()) {
          if (asked.has(sql)) continue
          asked.add(sql)
          const found = await rowsOf(engine.db, sql).catch((e: unknown) => [`${e}`])
          expect(found, `${name}\n${sql}`).toEqual(expected[i])
          compared += expected[i]?.length ?? 0
        }
      }
    })
    expect(compared).toBeGreaterThan(2500)
  })

  test('is the same text when the data between its passes goes through JSON', async () => {
    const passes = new Set<string>()
    const between = <T>(pass: string, data: T): T => {
      passes.add(pass)
      return decode<T>(encode(data))
    }
    await each(40, 4, async (w) => {
      const { dataset, facts } = await prepareDataset(engine.db, w.dataset)
      const model = { ...w.model, dataset }
      const queries = (options: CompileOptions) => [
        trainingQuery(dataset, facts, options).sql,
        predictionQuery(model, w.record, facts, { ...options, spine: { kind: 'entities' } }).sql,
      ]
      expect(queries({ between })).toEqual(queries({}))
    })
    expect([...passes]).toEqual([
      'bind the spine',
      'point in time',
      'inline views',
      'encode features',
      'fold constants',
    ])
  })

  test('lets no feature see a row at or after its instant', async () => {
    let probed = 0
    await each(25, 3, async (w) => {
      const report = await findLeaks(engine.db, w.dataset, { instants: 4, rows: 10 })
      expect(report.findings, JSON.stringify(w.dataset, null, 1)).toEqual([])
      if (report.checks.find((c) => c.name === 'future')?.ran) probed++
    })
    expect(probed).toBeGreaterThan(15)
  })
})
