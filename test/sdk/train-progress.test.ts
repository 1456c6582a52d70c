/** What training says while it reads. */
import { project, trainModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const rows = 30_000

function model() {
  const p = project<Record<string, never>>('progress')
  const item = p.entity('item', { id: 'int4' })
  const sample = p.sample('items', { entity: item }).query((() => sql`SELECT id, x, y FROM measured`) as never)
  const dataset = p.dataset('all', { sample, features: [] })
  return p.model('line', { dataset, family: 'linear', label: 'y' } as never).inputs({ x: 'auto' } as never) as never
}

describeEachEngine('progress', (engine) => {
  test('reading tells the rows, and of how many, where the planner was asked', async () => {
    await engine.db.execute(`
      CREATE TABLE measured AS SELECT i AS id, sqrt(i) AS x, ln(i) AS y FROM generate_series(1, ${rows}) AS g (i);
      ANALYZE measured`)
    const told: { done: number; total: number | undefined }[] = []
    const { record } = await trainModel(engine.db, model(), {
      onProgress: (stage, done, total) => {
        if (stage === 'reading') told.push({ done, total })
      },
    })
    expect(record.dataset.trainRows).toBe(rows)
    expect(told.at(-1)?.done).toBe(rows)
    expect(told.every((t, i) => i === 0 || t.done > (told[i - 1]?.done ?? 0))).toBe(true)
    for (const { done, total } of told) {
      // The embedded engine is not asked: where to fit is no question there.
      if (engine.name === 'pglite') expect(total).toBeUndefined()
      else expect(total).toBeGreaterThanOrEqual(done)
    }
    if (engine.name === 'postgres') expect(told[0]?.total).toBe(rows)
  })
})
