/** Queries an engine would not take are refused while they are compiled. */
import { isViewcastError, predictionQuery } from '@viewcast/compiler'
import { type Database, prepareDataset } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { coefficient } from '../properties/scored-records.ts'
import { asked, createPlaces, p, profile, wanted } from './places.ts'
import { linearRecord } from './records.ts'

let db: Database
beforeAll(async () => {
  db = await openTestDatabase()
  await createPlaces(db)
})
afterAll(() => db.close())

const dataset = p.dataset('sized', { sample: asked, target: wanted, features: [profile] })
const model = p.model('sized', { dataset, family: 'linear', label: 'wanted' })

test('more columns than a SELECT can have', async () => {
  const { dataset: prepared, facts } = await prepareDataset(db, dataset)
  const classes = Array.from({ length: 1700 }, (_, i) => `class ${i}`)
  const coefficients = classes
    .slice(1)
    .flatMap((c) => [coefficient('(intercept)', null, 0, c), coefficient('size', 'size', 1, c)])
  const record = linearRecord('sized', ['size'], { family: 'multinomial', link: 'softmax', classes, coefficients })
  const compile = () => predictionQuery({ ...model, dataset: prepared }, record, facts, { spine: { kind: 'sample' } })
  expect(compile).toThrow(/1664 columns/)
  try {
    compile()
  } catch (e) {
    expect(isViewcastError(e) && e.diagnostics[0]?.code).toBe('compile/too-large')
  }
})
