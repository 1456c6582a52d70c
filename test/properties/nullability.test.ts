/** On random queries and views over tables full of NULLs: a column said never to be NULL never is. */
import { columnNullability, loadParser, relationNullability } from '@viewcast/compiler'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { createTables, type Relation, randomQuery, rows, tables } from './null-queries.ts'

const queriesPerWorld = 12
const speaker = { view: 'the query', file: 'query' }

describeEachEngine('nullability of random queries', (engine) => {
  beforeAll(async () => {
    await loadParser()
    await engine.db.execute(createTables)
  })

  /** Which columns of a result hold a NULL. */
  async function withNull(sql: string, columns: number): Promise<boolean[]> {
    const names = Array.from({ length: columns }, (_, i) => `r${i}`)
    const tests = names.map((n) => `coalesce(bool_or(${n} IS NULL), false)`)
    const result = await engine.db.query(`SELECT ${tests.join(', ')} FROM (${sql}) AS result (${names.join(', ')})`)
    return result.rows[0] as boolean[]
  }

  test('is never said where a NULL is', async () => {
    const counted = { never: 0, possible: 0, unknown: 0, seen: 0 }
    const check = async (sql: string, said: readonly { readonly nullability: 'never' | 'possible' | 'unknown' }[]) => {
      const nulls = await withNull(sql, said.length)
      for (const [i, { nullability }] of said.entries()) {
        counted[nullability]++
        if (nulls[i]) counted.seen++
        if (nulls[i] && nullability === 'never') throw new Error(`column ${i} of\n${sql}\nis NULL`)
      }
    }
    await fc.assert(
      fc.asyncProperty(rows, fc.gen(), async (inserts, g) => {
        const draw = (n: number) => g(fc.nat, n - 1)
        await engine.db.execute(`DROP VIEW IF EXISTS v2, v1, v0; ${inserts}`)
        const relations: Relation[] = [...tables]
        for (let i = 0; i < 3; i++) {
          const { sql, types } = randomQuery(draw, relations)
          const columns = types.map((type, j) => ({ name: `w${j}`, type }))
          await engine.db.execute(`CREATE VIEW v${i} (${columns.map((c) => c.name).join(', ')}) AS ${sql}`)
          relations.push({ name: `v${i}`, columns })
        }
        const catalog = await engine.db.introspect()
        for (const view of catalog.relations.filter((r) => r.kind === 'view')) {
          await check(`SELECT * FROM ${view.name}`, relationNullability(view, catalog))
        }
        for (let i = 0; i < queriesPerWorld; i++) {
          const { sql, types } = randomQuery(draw, relations)
          const said = columnNullability(sql, speaker, catalog)
          expect(said?.length, sql).toBe(types.length)
          await check(sql, said ?? [])
        }
      }),
      { numRuns: 150, seed: 303, endOnFailure: true },
    )
    // It says something, and the data would tell if it were wrong.
    expect(counted.never).toBeGreaterThan(300)
    expect(counted.seen).toBeGreaterThan(300)
    expect(counted.unknown).toBeLessThan(counted.never)
  }, 120_000)
})
