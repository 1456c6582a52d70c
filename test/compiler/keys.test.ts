import { predictionQuery } from '@viewcast/compiler'
import { prepareDataset } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asked, createPlaces, p, totals, wanted } from './places.ts'
import { linearRecord } from './records.ts'

describeEachEngine('keys', (engine) => {
  beforeAll(() => createPlaces(engine.db))

  const query = async (rows: readonly Record<string, string>[]) => {
    const dataset = p.dataset('d', { sample: asked, target: wanted, features: [totals] })
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const model = { ...p.model('m', { dataset, family: 'linear', label: 'wanted' }), dataset: d }
    return predictionQuery(model, linearRecord('m', ['n_2d']), facts, {
      spine: { kind: 'keys', rows, at: '2024-03-08T12:00:00Z' },
    })
  }

  test('that are misspelt or left out are named, all at once', async () => {
    await expect(query([{ plaace: 'a' }])).rejects.toMatchObject({
      diagnostics: [
        { code: 'compile/keys', parameters: { problem: 'Unknown column', column: 'plaace', near: 'place' } },
        { code: 'compile/keys', parameters: { problem: 'Missing column', column: 'place' } },
      ],
    })
  })

  test('none of them gives no rows', async () => {
    expect((await engine.db.query((await query([])).sql)).rows).toEqual([])
  })

  test('as text take the type of their column, quotes and all', async () => {
    const { rows } = await engine.db.query((await query([{ place: "o'c" }, { place: "'; DROP TABLE places; --" }])).sql)
    expect(rows).toHaveLength(2)
  })
})
