/** Data that no model can be learned from: told by name before a model is written, and no row of it repeated. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, type Diagnostic, listRecords, saveRecord, standardize, trainModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { customer, holdings, modelOf, p, profile, spending, tables } from './shop.ts'

/** Stands in the data, and in no message. */
const secret = 31_415_926

describeEachEngine('training on', (engine) => {
  let db: Database
  let directory = ''
  let before: unknown
  beforeAll(async () => {
    db = engine.db
    await db.execute(tables)
    directory = await mkdtemp(join(tmpdir(), 'viewcast-data-'))
    before = await holdings(db, directory)
  })
  afterAll(async () => {
    expect(await holdings(db, directory)).toEqual(before)
    await rm(directory, { recursive: true, force: true })
  })

  /** What `viewcast train` does: train, then keep the record. */
  const trained = async (model: object): Promise<readonly Diagnostic[]> => {
    const { record, warnings } = await trainModel(db, model as never)
    await saveRecord(join(directory, 'kept'), record)
    await rm(join(directory, 'kept'), { recursive: true })
    return warnings
  }
  const refused = async (model: object): Promise<readonly Diagnostic[]> => {
    const found = await diagnosticsOf(() => trained(model))
    expect(await listRecords(directory)).toEqual([])
    expect(JSON.stringify(found)).not.toContain(String(secret))
    return found
  }
  const labelled = (label: string, from = 'asked') =>
    p
      .target('answer', { entity: customer })
      .query((() => sql`select customer, ${sql.raw(label)} as answer from ${sql.raw(from)}`) as never)
  const sampled = (where: string, options: object = {}) =>
    p
      .sample('asked', { entity: customer, ...options })
      .query((() => sql`select customer, as_of from asked where ${sql.raw(where)}`) as never)
  const view = (column: string) =>
    p
      .featureView('extra', { entity: customer })
      .query((() => sql`select customer, ${sql.raw(column)} from customers`) as never)

  describe('a label', () => {
    test.each([
      ['of one class', 'true', 'train/one-class', 'Label "answer" has one class only in 200 training rows'],
      ['of the other class', '0', 'train/one-class', 'Label "answer" has one class only in 200 training rows'],
      ['of other values', `answer * ${secret}`, 'train/label-values', 'Label "answer" holds values other than 0 and 1'],
      [
        'of text',
        `answer::text`,
        'model/label-type',
        'Label "answer" is text; logistic needs boolean, or a number that is 0 or 1',
      ],
      ['of NULL', 'NULL::float8', 'train/no-rows', 'The training query of "answers" returns no training rows'],
    ])('%s', async (_, label, code, message) => {
      const found = await refused(modelOf([profile], { target: labelled(label) }))
      expect(found).toMatchObject([{ code, message }])
      expect(found[0]?.hint).toBeTruthy()
    })

    test('that is NULL here and there: a warning with numbers, and a model of the rest', async () => {
      const warnings = await trained(
        modelOf([profile], { target: labelled('case when customer > 20 then answer end') }),
      )
      expect(warnings).toMatchObject([
        { code: 'train/null-label', severity: 'warning', parameters: { label: 'answer', rows: '20', total: '200' } },
      ])
    })

    test('that no row of the target answers', async () => {
      const found = await refused(modelOf([profile], { target: labelled('1', 'asked where false') }))
      expect(found).toMatchObject([{ code: 'train/no-rows', hint: 'Label "answer" is NULL in 200 rows.' }])
    })

    test('of one class in the training part alone', async () => {
      const sample = sampled('true', { split: p.split.time({ test: '2024-02-21T00:00Z' }) })
      const target = labelled("case when as_of < '2024-02-21Z' then 1 else answer end")
      const found = await refused(modelOf([profile], { sample, target }))
      expect(found).toMatchObject([{ code: 'train/one-class', parameters: { rows: '23' } }])
    })
  })

  describe('a sample', () => {
    test('without rows', async () => {
      const found = await refused(modelOf([profile], { sample: sampled('false') }))
      expect(found).toMatchObject([
        {
          code: 'train/no-rows',
          message: 'The training query of "answers" returns no training rows',
          hint: 'Look at the sample: viewcast show <sample>.',
        },
      ])
    })

    test.each([
      ['training', '2020-01-01T00:00Z'],
      ['test', '2030-01-01T00:00Z'],
    ])('whose split leaves no %s rows', async (part, instant) => {
      const sample = sampled('true', { split: p.split.time({ test: instant }) })
      const found = await refused(modelOf([profile], { sample }))
      expect(found).toMatchObject([{ code: 'train/no-rows', parameters: { part } }])
    })

    test('whose weights are none', async () => {
      const sample = p
        .sample('asked', { entity: customer, weight: 'weight' })
        .query(
          (() =>
            sql`select customer, as_of, case when customer > 5 then 1.0 else -${sql.lit(secret)} end as weight from asked`) as never,
        )
      const found = await refused(modelOf([profile], { sample }))
      expect(found).toMatchObject([{ code: 'train/weight', parameters: { column: 'weight', rows: '5' } }])
    })
  })

  describe('an input', () => {
    test('that is NULL everywhere: its name, its view, and what to look at', async () => {
      const extra = view('null::float8 as nothing').features({ nothing: {} } as never)
      const found = await refused(modelOf([profile, extra]))
      expect(found).toMatchObject([
        {
          code: 'train/all-null',
          message: 'Input "nothing" is NULL in every training row',
          hint: 'Check the view behind it: viewcast show extra; or remove the input.',
        },
      ])
    })

    test('that is NULL everywhere because nothing joins', async () => {
      const strangers = p
        .featureView('strangers', { entity: customer })
        .query((() => sql`select customer + 1000 as customer, 1.0 as one, country as place from customers`) as never)
      const found = await refused(modelOf([strangers]))
      expect(found.map((d) => [d.code, d.parameters['input']])).toEqual([
        ['train/all-null', 'one'],
        ['train/all-null', 'place'],
      ])
    })

    test('that is infinite: as if it were NULL', async () => {
      const sizeWith = (value: string) =>
        modelOf([profile, view(`case customer when 7 then ${value} else customer end::float8 as size`)])
      const warnings = await trained(sizeWith("'Infinity'::float8"))
      expect(warnings).toEqual(await trained(sizeWith('null')))
    })

    test('that is a key in disguise', async () => {
      const many = p
        .featureView('many', { entity: customer })
        .query(
          (() =>
            sql`select g as customer, g::text || '-${sql.raw(String(secret))}' as tag from generate_series(1, 100001) g`) as never,
        )
      const sample = p
        .sample('asked', { entity: customer })
        .query(
          (() =>
            sql`select g as customer, timestamptz '2024-01-01Z' as as_of from generate_series(1, 100001) g`) as never,
        )
      const target = p
        .target('answer', { entity: customer })
        .query((() => sql`select g as customer, g % 2 as answer from generate_series(1, 100001) g`) as never)
      const found = await refused(modelOf([many], { sample, target }))
      expect(found).toMatchObject([{ code: 'train/many-levels', parameters: { input: 'tag' } }])
    })

    test('that is a single value: a warning, and a model without it', async () => {
      const warnings = await trained(modelOf([profile, view('42.0 as always')]))
      expect(warnings).toMatchObject([{ code: 'train/constant', parameters: { input: 'always' } }])
    })

    test('that follows from the others', async () => {
      const twice = view('customer * 1.0 as once, customer * 2.0 as twice')
      const found = await refused(
        modelOf([twice], {}, { penalty: 0 }).inputs({ once: standardize(), twice: standardize() } as never),
      )
      expect(found).toMatchObject([{ code: 'train/collinear' }])
      expect(found[0]?.message).toMatch(/once.*twice/)
    })

    test('that gives the label away', async () => {
      const leak = p
        .featureView('leak', { entity: customer })
        .query((() => sql`select customer, answer * 2 - 1 as told from asked`) as never)
      const found = await refused(modelOf([leak], {}, { penalty: 0 }))
      expect(found).toMatchObject([{ code: 'train/separation' }])
      expect(found[0]?.message).toContain('told')
    })
  })

  test('several of these at once are told at once', async () => {
    const extra = view("null::float8 as nothing, 'Infinity'::float8 as endless")
    const found = await refused(modelOf([profile, extra], { target: labelled('1') }))
    expect(found.map((d) => d.code).sort()).toEqual(['train/all-null', 'train/all-null', 'train/one-class'])
  })

  test('rows the database cannot compute: its own word for it, no row, and nothing kept', async () => {
    const failing = modelOf([view('1 / (customer - 7) as ratio')])
    const found = await refused(failing)
    expect(found).toMatchObject([{ code: 'view/failed', parameters: { view: 'view "extra"', columns: '"ratio"' } }])
    expect(found[0]?.message).toContain('division by zero')
    expect(await listRecords(directory)).toEqual([])
    expect(await db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('what is right still works after all this', async () => {
    expect((await trainModel(db, modelOf([profile, spending]) as never)).record.dataset.trainRows).toBe(200)
  })
})
