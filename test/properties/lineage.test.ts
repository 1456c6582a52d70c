/** On random stacks of views: a dropped column breaks exactly the views that are said to read it. */
import { lineageOf, loadParser, quoteIdentifier, viewsReading } from '@viewcast/compiler'
import { type Database, isDatabaseError } from '@viewcast/sdk'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { world } from './worlds.ts'

/** Other values, of some rows or all; where a key forbids them nothing is learned. */
const changes: Readonly<Record<string, readonly string[]>> = {
  int4: ['$ + 3', 'NULL'],
  int8: ['$ + 1'],
  float8: ['-$ + 0.25'],
  text: ["CASE WHEN $ = 'a' THEN 'b' ELSE $ || 'b' END", "'red'", 'NULL'],
  timestamptz: ["timestamptz '2024-02-01Z' - ($ - timestamptz '2024-01-01Z')"],
  bool: ['NOT $', 'false'],
  date: ['$ + 1'],
}

describeEachEngine('the lineage of random views', (engine) => {
  beforeAll(loadParser)

  test('is what the database keeps', async () => {
    let broken = 0
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        await engine.db.execute(w.setup)
        const catalog = await engine.db.introspect()
        for (const table of catalog.relations.filter((r) => r.kind === 'table')) {
          for (const { name } of table.columns) {
            const found = viewsReading(catalog, `public.${table.name}`, name).map((v) => v.name)
            const drop = `ALTER TABLE ${table.name} DROP COLUMN "${name}"`
            const said = await engine.db
              .transaction(async (tx) => {
                await tx.execute(drop)
                throw new Error('not to be kept')
              })
              .catch((e: unknown) => (isDatabaseError(e) ? (e.detail ?? '') : ''))
            const expected = [...said.matchAll(/^view "?([^"]+?)"? depends on/gm)].map((m) => m[1] ?? '')
            expect(found.sort(), `${table.name}.${name}\n${w.setup}`).toEqual([...new Set(expected)].sort())
            broken += found.length
          }
        }
        for (const view of catalog.relations.filter((r) => r.kind === 'view')) {
          const traced = lineageOf(view.definition ?? '', { view: view.name, file: view.name }, catalog)
          expect(traced.map((t) => t.column)).toEqual(view.columns.map((c) => c.name))
          expect(traced.filter((t) => t.unknown)).toEqual([])
        }
      }),
      { numRuns: 40, seed: 5 },
    )
    expect(broken).toBeGreaterThan(200)
  })

  test('names every column whose values move an output', async () => {
    let moved = 0
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        await engine.db.execute(w.setup)
        const catalog = await engine.db.introspect()
        const views = catalog.relations.filter((r) => r.kind === 'view')
        const outputs = views.flatMap((view) =>
          lineageOf(view.definition ?? '', { view: view.name, file: view.name }, catalog).map((c) => ({ view, ...c })),
        )
        if (outputs.length === 0) return
        // The values of each column, whatever the order of the rows.
        const sql = outputs
          .map(({ view, column }, i) => {
            const value = `v.${quoteIdentifier(column)}::text`
            const all = `coalesce(string_agg(coalesce(${value}, 'NULL'), '|' ORDER BY ${value}), '')`
            return `SELECT ${i} AS i, ${all} AS seen FROM ${quoteIdentifier(view.name)} AS v`
          })
          .join(' UNION ALL ')
        const seen = async (db: Pick<Database, 'rows'>) =>
          (await db.rows<{ seen: string }>(`SELECT seen FROM (${sql}) AS s ORDER BY i`)).map((r) => r.seen)
        const before = await seen(engine.db)
        for (const table of catalog.relations.filter((r) => r.kind === 'table')) {
          for (const { name, type } of table.columns) {
            for (const change of changes[type] ?? []) {
              const column = quoteIdentifier(name)
              let after = before
              await engine.db
                .transaction(async (tx) => {
                  await tx.execute(`UPDATE ${table.name} SET ${column} = ${change.replaceAll('$', column)}`)
                  after = await seen(tx)
                  throw new Error('not to be kept')
                })
                .catch(() => {})
              for (const [i, { view, column, sources }] of outputs.entries()) {
                if (after[i] === before[i]) continue
                moved++
                const said = sources.some((s) => s.relation === `public.${table.name}` && s.column === name)
                expect(said, `${view.name}.${column} ← ${table.name}.${name}\n${w.setup}`).toBe(true)
              }
            }
          }
        }
      }),
      { numRuns: 30, seed: 11 },
    )
    expect(moved).toBeGreaterThan(300)
  })
})
