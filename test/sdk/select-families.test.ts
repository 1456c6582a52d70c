/** Selections of models other than two outcomes and plain numbers. */
import { project, selectModel, standardize, trainModel, verifyModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  visits: { id: number; x: number; exposure: number; n: number; kind: string }
}
const p = project<DB>('visits')
const visit = p.entity('visit', { id: 'int4' }, { from: 'visits' })
const view = p
  .featureView('v', { entity: visit })
  .query(({ db }) => db.selectFrom('visits').select(['id', 'x', 'exposure']))
  .features({ x: { kind: 'numeric' }, exposure: { kind: 'numeric' } })
const target = p
  .target('t', { entity: visit })
  .query(() => sql<{ id: number; n: number; kind: string }>`select id, n, kind from visits`)
const sample = p
  .sample('s', { entity: visit, split: p.split.hash({ test: 0.2 }) })
  .query(({ db }) => db.selectFrom('visits').select(['id']))
const dataset = p.dataset('d', { sample, target, features: [view] })

describeEachEngine('a selection of', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      create table visits as
        select id, x, exposure, floor(exp(exposure + x / 2 + noise))::int as n,
               case when x + 2 * noise < 1 then 'few' when x + noise * 4 < 4 then 'some' else 'many' end as kind
        from (select n as id, (n * 37 % 101) / 25.0::float8 as x, (n * 71 % 59) / 59.0::float8 as exposure,
                     (n * 53 % 89) / 89.0 as noise from generate_series(1, 900) as n) as q;
      alter table visits add primary key (id)`),
  )

  test('several classes, weighed or not, by what is given to the class that came', async () => {
    const model = p.model('kind', { dataset, family: 'multinomial', label: 'kind' }).inputs({ x: standardize() })
    const selection = p.selection('kinds', {
      model,
      over: { penalty: [0.1, 1000], classWeights: ['none', 'balanced', { many: 50 }] },
    })
    const { record, table } = await selectModel(engine.db, selection)
    expect([table[0]?.candidate, selection.metric]).toEqual(['unweighted, penalty 0.1', 'logLoss'])
    expect(table.find((t) => t.candidate === 'many ×50, penalty 0.1')?.state).not.toBe('failed')
    expect(record?.classes).toEqual(['few', 'many', 'some'])
    expect(record?.classWeights).toBeUndefined()
    const alone = await trainModel(engine.db, { ...model, penalty: { l1: 0, l2: 0.1 } })
    expect(record?.coefficients).toEqual(alone.record.coefficients)
    if (record === undefined) throw new Error('nothing was kept')
    expect((await verifyModel(engine.db, model, record)).ok).toBe(true)
  })

  test('class weights without the prior leave the probabilities of classes where they were', async () => {
    const train = async (more: object) => {
      const model = p
        .model('kind', { dataset, family: 'multinomial', label: 'kind', ...more })
        .inputs({ x: standardize() })
      return (await trainModel(engine.db, model)).record
    }
    const [plain, weighed, corrected] = await Promise.all([
      train({}),
      train({ classWeights: { many: 20 } }),
      train({ classWeights: { many: 20 }, priorCorrection: true }),
    ])
    const loss = (r: typeof plain) => r.metrics.train['logLoss'] as number
    expect(loss(weighed)).toBeGreaterThan(loss(plain) * 1.2)
    expect(loss(corrected) - loss(plain)).toBeLessThan((loss(weighed) - loss(plain)) / 5)
  })

  test('counts, with an offset, by deviance, over links', async () => {
    const model = p
      .model('count', { dataset, family: 'poisson', label: 'n', offset: 'exposure' })
      .inputs({ x: standardize() })
    const selection = p.selection('counts', { model, over: { link: ['log', 'sqrt'], inputs: { x: ['auto', 'out'] } } })
    const { record, table } = await selectModel(engine.db, selection)
    expect(selection.metric).toBe('deviance')
    expect(table[0]?.candidate).toBe('log, x auto')
    const deviance = (candidate: string) =>
      table.find((t) => t.candidate === candidate)?.metrics['deviance']?.mean as number
    expect(deviance('log, x out')).toBeGreaterThan(deviance('log, x auto') * 1.2)
    expect(deviance('log, x auto') / (record?.metrics.train['deviance'] as number)).toBeCloseTo(1, 1)
    expect(record).toMatchObject({ family: 'poisson', link: 'log', offset: 'exposure' })
    if (record === undefined) throw new Error('nothing was kept')
    expect((await verifyModel(engine.db, model, record)).ok).toBe(true)
  })

  test('a margin, by its own loss', async () => {
    const flagged = p
      .target('flag', { entity: visit })
      .query(() => sql<{ id: number; many: boolean }>`select id, kind = 'many' as many from visits`)
    const flags = p.dataset('flags', { sample, target: flagged, features: [view] })
    const model = p
      .model('margin', { dataset: flags, family: 'svm', label: 'many', penalty: 1 })
      .inputs({ x: standardize() })
    const { record, table } = await selectModel(
      engine.db,
      p.selection('margins', { model, over: { penalty: [0.1, 1e5] } }),
    )
    expect([table[0]?.candidate, table[0]?.metrics['squaredHinge']?.mean !== null]).toEqual(['penalty 0.1', true])
    expect(record?.family).toBe('svm')
  })
})
