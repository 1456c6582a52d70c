/** Model selection from the declaration to the record: folds, leakage, pruning, resuming. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingQuery } from '@viewcast/compiler'
import {
  collectProject,
  type Database,
  listVersions,
  loadRecord,
  logSpace,
  numeric,
  oneHot,
  penaltyPath,
  prepareDataset,
  project,
  type SelectionDef,
  saveRecord,
  selectModel,
  standardize,
  target as targetMean,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

interface DB {
  trips: { id: number; at: Date; city: string; km: number; noise: number; wait: number; late: boolean }
}
const p = project<DB>('trips')
const trip = p.entity('trip', { id: 'int4' }, { from: 'trips' })
const view = p
  .featureView('v', { entity: trip })
  .query(({ db }) => db.selectFrom('trips').select(['id', 'city', 'km', 'noise']))
  .features({ km: { kind: 'numeric' }, noise: { kind: 'numeric' }, city: { kind: 'category' } })
const target = p.target('t', { entity: trip, horizon: '5 days' }).query(
  () =>
    sql<{
      id: number
      as_of: Date
      wait: number
      late: boolean
    }>`select id, as_of, wait, late from spine join trips using (id)`,
)
const sample = p
  .sample('s', { entity: trip, split: p.split.hash({ test: 0.2 }) })
  .query(({ db }) => db.selectFrom('trips').select(['id', 'at as as_of', 'city as region']))
const dataset = p.dataset('d', { sample, target, features: [view] })
const late = p
  .model('late', { dataset, family: 'logistic', label: 'late' })
  .inputs({ km: standardize(), noise: standardize(), city: oneHot() })
const wait = p.model('wait', { dataset, family: 'linear', label: 'wait' }).inputs({ km: numeric(), noise: numeric() })

const tables = `
  create table trips as
    select n as id, timestamptz '2025-01-01Z' + n * interval '6 hours' as at, 'c' || n * n % 7 as city,
           (n * 37 % 101) / 10.0::float8 as km, (n * 7919 % 1009) / 1009.0::float8 as noise,
           3 * ((n * 37 % 101) / 10.0::float8) + (n * 53 % 89) / 10.0 as wait,
           (n * 37 % 101) + (n * 53 % 89) > 90 as late
    from generate_series(1, 700) as n;
  alter table trips add primary key (id)`

describeEachEngine('a selection', (engine) => {
  let directory = ''
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'viewcast-select-'))
    await engine.db.execute(tables)
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const run = (selection: SelectionDef, more: Parameters<typeof selectModel>[2] = {}, db: Database = engine.db) =>
    selectModel(db, selection, more)
  const scores = (table: Awaited<ReturnType<typeof selectModel>>['table'], metric = 'logLoss') =>
    Object.fromEntries(table.map((t) => [t.candidate, t.metrics[metric]?.mean]))

  test('chooses, and keeps a model fitted on all training rows with what was searched', async () => {
    const grid = p.selection('grid', {
      model: late,
      over: { penalty: [0, 1, 1000], inputs: { noise: [standardize(), 'out'], km: [standardize(), 'out'] } },
    })
    const { record, table, measured, rows, folds } = await run(grid, { version: 3, trainedAt: '2026-01-01T00:00:00Z' })
    if (record === undefined) throw new Error('nothing was kept')
    expect([table.length, table[0]?.state, folds]).toEqual([12, 'chosen', '5 folds by hash of id'])
    expect(measured).toBeLessThanOrEqual(60)
    expect(table[0]?.candidate).toMatch(/km numeric.*penalty [01]$/)
    expect(table.at(-1)?.candidate).toMatch(/km out|penalty 1000/)
    expect(table.some((t) => t.state === 'pruned')).toBe(true)
    expect(record).toMatchObject({
      name: 'late',
      version: 3,
      selection: { name: 'grid', metric: 'logLoss', candidates: { tried: 12 }, chosen: table[0]?.candidate },
    })
    expect(record.dataset.trainRows).toBe(rows.train)
    expect(rows.test).toBeGreaterThan(100)

    // The same as training the chosen model by itself.
    const chosen = {
      ...late,
      inputs: Object.fromEntries(record.inputs.map((i) => [i.feature, late.inputs[i.feature] as never])),
    }
    const alone = await trainModel(engine.db, { ...chosen, penalty: record.fit.penalty })
    expect(record.coefficients).toEqual(alone.record.coefficients)
    expect(record.dataset).toEqual(alone.record.dataset)
    expect(record.metrics).toEqual(alone.record.metrics)
    await saveRecord(directory, record)
    expect(await listVersions(directory, 'late')).toEqual([3])
    const loaded = await loadRecord(directory, 'late')
    expect(loaded.selection).toEqual(record.selection)
    expect((await verifyModel(engine.db, late, loaded)).ok).toBe(true)
  })

  test('scores are those of models fitted on the other folds alone, as computed by hand', async () => {
    const one = p.selection('one', { model: wait, folds: p.folds.hash(3), metric: 'rmse' })
    const {
      table,
      rows: { train: counted },
    } = await run(one, { refit: false })
    // The same folds from the outside: a model per fold, its rows the sample.
    const prepared = await prepareDataset(engine.db, dataset)
    const query = trainingQuery(prepared.dataset, prepared.facts, { foldKey: { kind: 'hash' } })
    const rows = await engine.db.rows<{ key: number; km: number; noise: number; wait: number }>(
      `select _fold_key as key, km, noise, wait::float8 as wait from (${query.sql}) as q where _split = 'train'`,
    )
    const foldOf = (key: number) => Math.floor((mixed(key) / 2 ** 32) * 3)
    expect(rows.length).toBe(counted)
    const errors = [0, 1, 2].map((fold) => {
      const beta = leastSquares(rows.filter((r) => foldOf(r.key) !== fold).map((r) => [1, r.km, r.noise, r.wait]))
      const held = rows.filter((r) => foldOf(r.key) === fold)
      const squares = held.map(
        (r) => (r.wait - (beta[0] as number) - (beta[1] as number) * r.km - (beta[2] as number) * r.noise) ** 2,
      )
      return Math.sqrt(squares.reduce((a, b) => a + b, 0) / held.length)
    })
    const mean = errors.reduce((a, b) => a + b, 0) / 3
    expect(table[0]?.metrics['rmse']?.mean).toBeCloseTo(mean, 9)
    const spread = Math.sqrt(errors.reduce((s, e) => s + (e - mean) ** 2, 0) / 2 / 3)
    expect(table[0]?.metrics['rmse']?.standardError).toBeCloseTo(spread, 9)
  })

  test('encoders learn nothing from the rows they are measured on', async () => {
    // A level per row: columns of a level that only the held-out rows have would be there if levels were learned from all.
    await engine.db.execute(`
      create table if not exists tags as select id, 'tag ' || id as tag from trips;
      create table if not exists shifted as select id, (km + case when at >= timestamptz '2025-05-01Z' then 1e6 else 0 end)::float8 as far from trips`)
    const tag = p
      .featureView('tags', { entity: trip })
      .query(() => sql<{ id: number; tag: string }>`select id, tag from tags`)
      .features({ tag: { kind: 'category' } })
    const far = p
      .featureView('shifted', { entity: trip })
      .query(() => sql<{ id: number; far: number }>`select id, far from shifted`)
      .features({ far: { kind: 'numeric' } })
    const wide = p.dataset('wide', { sample, target, features: [tag, far] })
    const byTag = p
      .model('by_tag', { dataset: wide, family: 'logistic', label: 'late', penalty: 1e-6 })
      .inputs({ tag: oneHot({ maxCategories: 1000 }) })
    const { table } = await run(p.selection('tags', { model: byTag }), { refit: false })
    // Every held-out row has the base level: one probability for all of a fold, and no better than a coin.
    expect(table[0]?.metrics['auc']?.mean).toBeCloseTo(0.5, 9)
    // Target means of a level per row are the label itself, if the row's own label is among them.
    const byMean = p
      .model('by_mean', { dataset: wide, family: 'logistic', label: 'late', penalty: 1 })
      .inputs({ tag: targetMean() })
    const means = await run(p.selection('means', { model: byMean }), { refit: false })
    expect(means.table[0]?.metrics['auc']?.mean).toBeCloseTo(0.5, 9)

    // Standardised by the early rows, the late ones are far out; learned from all rows they would not be.
    const shifted = p
      .model('far', { dataset: wide, family: 'linear', label: 'wait', penalty: 1 })
      .inputs({ far: standardize() })
    const byTime = p.selection('far', { model: shifted, folds: p.folds.time(['2025-05-01T00:00Z'], { purge: false }) })
    expect((await run(byTime, { refit: false })).table[0]?.metrics['rmse']?.mean).toBeGreaterThan(1e5)
  })

  test('folds by time see the past only, and outcomes that reach into the next fold are purged', async () => {
    const starts = ['2025-03-01T00:00Z', '2025-05-01T00:00Z'] as const
    const spread = async (more: object) => {
      const s = p.selection('time', { model: wait, folds: p.folds.time([...starts], more), metric: 'mae' })
      return run(s, { refit: false })
    }
    const purged = await spread({})
    expect(purged.folds).toBe('2 folds by time, 432000 seconds apart')
    expect(scores(purged.table, 'mae')).not.toEqual(scores((await spread({ purge: false })).table, 'mae'))
    expect(scores((await spread({ gap: '5 days', purge: false })).table, 'mae')['as declared']).toBeCloseTo(
      scores(purged.table, 'mae')['as declared'] as number,
      2,
    )
    const within = p.selection('time', { model: wait, folds: p.folds.time(['2024-01-01T00:00Z']) })
    expect(await codesOf(() => run(within))).toEqual(['select/folds'])
  })

  test('folds by group keep the rows of a group together', async () => {
    const grouped = p.selection('groups', { model: late, folds: p.folds.group(['region'], 2) })
    const { folds, table } = await run(grouped, { refit: false })
    expect([folds, table[0]?.folds]).toEqual(['2 folds by hash of region', 2])
    const few = p.selection('groups', { model: late, folds: p.folds.group(['region'], 20) })
    expect(await codesOf(() => run(few))).toEqual(['select/folds'])
    const unknown = p.selection('groups', { model: late, folds: p.folds.group(['regions'], 3) })
    expect(await codesOf(() => run(unknown))).toEqual(['view/unknown-column'])
  })

  test('pruning changes neither the choice nor the results of those it leaves', async () => {
    const over = {
      penalty: logSpace(0.01, 10000, 7),
      inputs: { km: [standardize(), 'out'], noise: ['auto', 'out'] },
    } as const
    const [pruned, all] = await Promise.all([
      run(p.selection('grid', { model: late, over }), { refit: false }),
      run(p.selection('grid', { model: late, over, pruning: false }), { refit: false }),
    ])
    expect(all.measured).toBe(28 * 5)
    expect(pruned.measured).toBeLessThan(all.measured)
    expect(pruned.chosen).toEqual(all.chosen)
    const whole = new Map(all.table.map((t) => [t.key, t]))
    for (const t of pruned.table) {
      if (t.state === 'pruned') expect(t.folds).toBeLessThan(5)
      else expect(t.metrics).toEqual(whole.get(t.key)?.metrics)
    }
  })

  describe('results on disk', () => {
    const grid = p.selection('kept', { model: late, over: { penalty: [0, 1, 10] }, pruning: false })
    const files = () => readdirSync(join(directory, 'selections', 'kept'))

    test('a search that is stopped goes on where it was, and ends with the same table', async () => {
      const stop = new AbortController()
      const first = run(grid, {
        resultsDirectory: directory,
        signal: stop.signal,
        onProgress: (stage, done) => {
          if (stage === 'measuring' && done === 7) stop.abort()
        },
      })
      expect(await codesOf(() => first)).toEqual(['engine/interrupted'])
      const [file] = files()
      const path = join(directory, 'selections', 'kept', file as string)
      const lines = readFileSync(path, 'utf8').trim().split('\n')
      expect(lines).toHaveLength(7)
      // A line the process was writing when it died.
      writeFileSync(path, `${lines.join('\n')}\n{"key":"abc","fold":`)
      const second = await run(grid, { resultsDirectory: directory })
      expect([second.reused, second.measured]).toEqual([7, 8])
      const plain = ({ table }: { table: readonly { seconds: number }[] }) => table.map((t) => ({ ...t, seconds: 0 }))
      expect(plain(second)).toEqual(plain(await run(grid)))
      const third = await run(grid, { resultsDirectory: directory })
      expect([third.reused, third.measured]).toEqual([15, 0])
      expect(plain(third)).toEqual(plain(second))
    })

    test('another candidate is measured, and other rows or folds share nothing', async () => {
      const wider = p.selection('kept', { model: late, over: { penalty: [0, 1, 10, 100] }, pruning: false })
      const more = await run(wider, { resultsDirectory: directory, refit: false })
      expect([more.reused, more.measured]).toEqual([15, 5])
      const seeded = p.selection('kept', { model: late, folds: p.folds.hash(5, { seed: 'x' }), pruning: false })
      expect((await run(seeded, { resultsDirectory: directory, refit: false })).reused).toBe(0)
      await engine.db.execute('update trips set noise = noise + 1 where id = 350')
      const changed = await run(grid, { resultsDirectory: directory, refit: false })
      await engine.db.execute('update trips set noise = noise - 1 where id = 350')
      expect(changed.reused).toBe(0)
      expect(files()).toHaveLength(3)
    })
  })

  test('a candidate that cannot be fitted is told of; when none can, that is the error', async () => {
    await engine.db.execute('create table if not exists twice as select id, km as again from trips')
    const again = p
      .featureView('again', { entity: trip })
      .query(() => sql<{ id: number; again: number }>`select id, again from twice`)
      .features({ again: { kind: 'numeric' } })
    const both = p.dataset('both', { sample, target, features: [view, again] })
    const model = p
      .model('both', { dataset: both, family: 'linear', label: 'wait' })
      .inputs({ km: standardize(), again: standardize() })
    const { table } = await run(p.selection('both', { model, over: { penalty: [0, 1] } }), { refit: false })
    expect(table.map((t) => [t.candidate, t.state])).toEqual([
      ['penalty 1', 'chosen'],
      ['penalty 0', 'failed'],
    ])
    expect(table[1]?.failure).toMatchObject({ code: 'train/collinear', fold: 0 })
    expect(await codesOf(() => run(p.selection('none', { model })))).toEqual(['select/no-result'])
  })

  test('a path of penalties is followed in each fold, and a calibration learned by the refit alone', async () => {
    const model = p
      .model('late', {
        dataset,
        family: 'logistic',
        label: 'late',
        penalty: penaltyPath({ folds: 3 }),
        calibrate: 'platt',
      })
      .inputs({ km: standardize(), noise: standardize() })
    const selection = p.selection('path', { model, over: { inputs: { km: ['auto', 'out'] } }, folds: p.folds.hash(2) })
    const { record, table } = await run(selection)
    expect(table.map((t) => [t.candidate, t.state])).toEqual([
      ['km auto', 'chosen'],
      ['km out', 'measured'],
    ])
    expect(record?.path?.rule).toBe('1se')
    expect(record?.calibration).toBeDefined()
    const alone = await trainModel(engine.db, model)
    expect(record?.coefficients.map((c) => c.name)).toEqual(alone.record.coefficients.map((c) => c.name))
  })

  test('what is wrong with the encoders tried is said before a row is read, all at once', async () => {
    const wrong = { model: late, over: { inputs: { city: ['auto', standardize()], kms: ['auto'] } } }
    const selection = p.selection('wrong', wrong as never)
    expect((await codesOf(() => run(selection))).sort()).toEqual(['model/input-type', 'model/unknown-input'])
  })

  test('a threshold by rule is chosen on the folds of the selection', async () => {
    const model = p
      .model('late', { dataset, family: 'logistic', label: 'late', threshold: 'f1', classWeights: 'balanced' })
      .inputs({ km: standardize() })
    const { record } = await run(
      p.selection('f1', { model, over: { penalty: [0, 1], classWeights: ['none', 'balanced'] } }),
    )
    expect(record?.thresholdChoice).toMatchObject({ rule: 'f1', rows: 'cross-validated' })
    expect(record?.threshold).not.toBe(0.5)
  })
})

test('a project knows its selections, and that their names are their own', () => {
  const one = p.selection('one', { model: late })
  const options = { directory: '.', file: 'project.ts' }
  const found = collectProject({ one, again: one }, options)
  expect([...found.selections.keys()]).toEqual(['one'])
  expect([...found.definitions.keys()]).toContain('late')
  const same = p.selection('late', { model: late })
  expect(() => collectProject({ same }, options)).toThrow(/late/)
  const other = p.selection('one', { model: late, metric: 'auc' })
  expect(() => collectProject({ one, other }, options)).toThrow(/one/)
})

/** The finaliser of MurmurHash3, as folds are documented to use it. */
function mixed(key: number): number {
  let h = (key ^ 0x9e3779b9) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** By elimination on the normal equations; rows are 1, two inputs and the label. */
function leastSquares(rows: readonly (readonly number[])[]): number[] {
  const a = [0, 1, 2].map((i) =>
    [0, 1, 2, 3].map((j) => rows.reduce((s, r) => s + (r[i] as number) * (r[j] as number), 0)),
  )
  for (let k = 0; k < 3; k++) {
    for (let i = 0; i < 3; i++) {
      if (i === k) continue
      const f = (a[i]?.[k] as number) / (a[k]?.[k] as number)
      for (let j = k; j < 4; j++) (a[i] as number[])[j] = (a[i]?.[j] as number) - f * (a[k]?.[j] as number)
    }
  }
  return [0, 1, 2].map((i) => (a[i]?.[3] as number) / (a[i]?.[i] as number))
}
