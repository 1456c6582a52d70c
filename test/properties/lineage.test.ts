/** On random stacks of views: a dropped column breaks exactly the views that are said to read it. */
import { lineageOf, loadParser, viewsReading } from '@viewcast/compiler'
import { isDatabaseError } from '@viewcast/sdk'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { world } from './worlds.ts'

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
})
