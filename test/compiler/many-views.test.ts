/** More views than a planner joins at once: joined in steps, and every question keeps its row and its values. */
import { type ModelDef, predictionQuery } from '@viewcast/compiler'
import { prepareDataset } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, expect, it } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asked, createPlaces, p, place, totals } from './places.ts'
import { linearRecord } from './records.ts'

const count = 230
const views = Array.from({ length: count }, (_, i) =>
  p
    .featureView(`view_${i}`, { entity: place })
    .query((() => sql`select place, size * ${sql.lit(i)} as ${sql.ref(`f_${i}`)} from places`) as never),
)
const names = views.map((_, i) => `f_${i}`)

describeEachEngine('230 views', (engine) => {
  beforeAll(() => createPlaces(engine.db))

  it('are joined in steps that lose and double no question', async () => {
    const dataset = p.dataset('many', { sample: asked, features: [totals, ...views] as never })
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset as never)
    const shape = {
      family: 'gaussian',
      link: 'identity',
      label: 'x',
      inputs: {},
      penalty: { l1: 0, l2: 0 },
      solver: 'cholesky',
      threshold: 0.5,
    } as const
    const model: ModelDef = { kind: 'model', name: 'many', dataset: d, ...shape }
    const record = linearRecord('many', [...names, 'n_1w'])
    const keys = ['a', 'b', null, "o'c", 'nowhere', 'a', 'é'].map((k) => ({ place: k }))
    for (const spine of [{ kind: 'sample' }, { kind: 'keys', rows: keys, at: '2024-03-08T12:00Z' }] as const) {
      const query = predictionQuery(model, record, facts, { spine, withFeatures: true })
      expect(query.sql).toContain('_features_3 AS')
      const few = predictionQuery(model, linearRecord('few', ['n_1w']), facts, { spine, withFeatures: true })
      const read = async (q: typeof query) => {
        const at = new Map(q.columns.map((c, i) => [c.name, i]))
        return (await engine.db.query(q.sql)).rows.map((r) => (n: string) => r[at.get(n) ?? -1] ?? null)
      }
      const [all, expected] = [await read(query), await read(few)]
      const told = (rows: typeof all) => rows.map((r) => JSON.stringify([r('place'), r('as_of'), r('n_1w')])).sort()
      expect(told(all)).toEqual(told(expected))
      const sizes: Record<string, number | null> = { a: 3, b: null, "o'c": 5, é: 8 }
      for (const row of all) {
        const size = sizes[String(row('place'))] ?? null
        expect(names.map((n) => row(n))).toEqual(names.map((_, i) => (size === null ? null : size * i)))
      }
    }
  })
})
