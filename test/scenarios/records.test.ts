/** Trained models that no longer fit: a damaged file, a declaration or a database that has moved on, an unclear instant. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  applyView,
  type Database,
  listVersions,
  loadRecord,
  type ModelRecord,
  predict,
  predictionQuery,
  saveRecord,
  showRows,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { filesOf } from './files.ts'
import { customer, holdings, model, modelOf, p, spending, tables } from './shop.ts'

describeEachEngine('a trained model', (engine) => {
  let db: Database
  let directory = ''
  let record: ModelRecord
  let before: unknown
  beforeAll(async () => {
    db = engine.db
    await db.execute(tables)
    directory = await mkdtemp(join(tmpdir(), 'viewcast-records-'))
    record = (await trainModel(db, model as never)).record
    before = await holdings(db)
  })
  afterAll(async () => {
    expect(await holdings(db)).toEqual(before)
    await rm(directory, { recursive: true, force: true })
  })

  describe('whose file is damaged', () => {
    let file = ''
    beforeAll(async () => {
      await saveRecord(directory, record)
      file = await saveRecord(directory, { ...record, version: 2 })
    })

    test.each<[string, (text: string) => string, RegExp]>([
      ['cut off', (text) => text.slice(0, text.length / 2), /JSON/],
      ['empty', () => '', /JSON/],
      ['of another kind', () => '{"name": "replies"}', /format/],
      ['of a later format', (text) => text.replace('model@2', 'model@3'), /format.*model@2/],
      ['with a field that is text now', (text) => text.replace(/"l2": 1/, '"l2": "one"'), /fit\.penalty/],
      ['with a field nobody knows', (text) => text.replace('{', '{"note": 1,'), /note/],
    ])('%s: the file and what is wrong with it; the version before is not touched', async (_, damage, detail) => {
      const whole = await readFile(file, 'utf8')
      await writeFile(file, damage(whole))
      const found = await diagnosticsOf(() => loadRecord(directory, 'replies'))
      expect(new Set(found.map((d) => d.code))).toEqual(new Set(['model/record']))
      expect(found.map((d) => d.message).join('\n')).toMatch(detail)
      for (const d of found) {
        expect(d.message).toContain(file)
        expect(d.hint).toBe('Train again, or restore the file.')
      }
      expect(await loadRecord(directory, 'replies', 1)).toEqual(record)
      expect(await listVersions(directory, 'replies')).toEqual([1, 2])
      await writeFile(file, whole)
      expect((await loadRecord(directory, 'replies')).version).toBe(2)
    })

    test('of coefficients that do not belong to its inputs', async () => {
      const short = { ...record, coefficients: record.coefficients.slice(1) }
      for (const call of [
        () => predictionQuery(db, model as never, short),
        () => applyView(db, model as never, short),
        () => verifyModel(db, model as never, short),
      ]) {
        expect(await diagnosticsOf(call)).toMatchObject([
          { code: 'model/record', parameters: { file: 'model "replies"' } },
        ])
      }
    })

    test('files that are no records are not versions', async () => {
      const folder = join(directory, 'models', 'replies')
      await writeFile(join(folder, 'notes.txt'), 'mine')
      await writeFile(join(folder, '3.json.77.tmp'), '{"half":')
      await mkdir(join(directory, 'models', 'empty'), { recursive: true })
      const files = filesOf(directory)
      expect(await listVersions(directory, 'replies')).toEqual([1, 2])
      expect((await diagnosticsOf(() => loadRecord(directory, 'empty'))).map((d) => d.code)).toEqual([
        'model/not-trained',
      ])
      expect((await diagnosticsOf(() => loadRecord(directory, 'replies', 3))).map((d) => d.code)).toEqual([
        'model/not-trained',
      ])
      expect(filesOf(directory)).toEqual(files)
    })
  })

  describe('whose declaration has moved on', () => {
    const everything = (declared: unknown) => [
      () => predictionQuery(db, declared as never, record),
      () => predict(db, declared as never, record),
      () => applyView(db, declared as never, record, { name: 'replies_now' }),
      () => verifyModel(db, declared as never, record),
    ]

    test('inputs it no longer has: each by name, and what to type', async () => {
      for (const call of everything(modelOf([spending.pick('n_7d')]))) {
        const found = await diagnosticsOf(call)
        expect(found.map((d) => [d.code, d.parameters['input']])).toEqual([
          ['model/stale', 'country'],
          ['model/stale', 'amount_7d'],
        ])
        expect(found[0]).toMatchObject({
          message: 'Model "replies" was trained on input "country", which its declaration no longer has',
          hint: 'Run: viewcast train replies',
        })
      }
    })

    test('inputs of another kind: their type, and what to type', async () => {
      const turned = p
        .featureView('profile', { entity: customer })
        .query((() => sql`select customer, length(country) as country from customers`) as never)
      for (const call of everything(modelOf([turned, spending]))) {
        expect(await diagnosticsOf(call)).toMatchObject([
          {
            code: 'model/input-type',
            message: 'Input "country" is int4, which the onehot encoder cannot read',
            hint: 'The model was trained on text. Run: viewcast train replies',
          },
        ])
      }
    })

    test('inputs of another type that reads the same are fine', async () => {
      const wider = p
        .featureView('profile', { entity: customer })
        .query((() => sql`select customer, country::varchar(2) as country from customers`) as never)
      const narrow = modelOf([wider, spending])
      expect((await predictionQuery(db, narrow as never, record)).columns.map((c) => c.name)).toContain('probability')
    })
  })

  describe('whose database has moved on', () => {
    test('a table that is gone: the view that reads it', async () => {
      const other = await engine.open()
      await other.execute(`${tables}; DROP TABLE orders`)
      for (const call of [
        () => predictionQuery(other, model as never, record),
        () => applyView(other, model as never, record),
        () => trainModel(other, model as never),
      ]) {
        expect(await diagnosticsOf(call)).toMatchObject([
          { code: 'view/unknown-relation', parameters: { relation: 'orders' } },
        ])
      }
      expect(Object.keys(await holdings(other)).sort()).toEqual(['asked', 'customers'])
    })
  })

  describe('asked for an instant that is none', () => {
    const instants = [
      '2024-03-01',
      '2024-03-01 12:00',
      '2024-03-01T12:00',
      'noon',
      '',
      '2024-02-30T00:00Z',
      "2024-03-01T12:00Z'; DROP TABLE asked --",
    ]
    test.each(instants)('%j: told as such, with how to write one; nothing is run', async (at) => {
      for (const call of [
        () => predictionQuery(db, model as never, record, { at }),
        () => predict(db, model as never, record, { at }),
        () => verifyModel(db, model as never, record, { at }),
        () => applyView(db, model as never, record, { at, name: 'replies_then' }),
        () => showRows(db, spending, { at }),
      ]) {
        expect(await diagnosticsOf(call)).toMatchObject([
          { code: 'time/instant', hint: 'Write ISO 8601 with a zone, such as 2001-02-01T12:00Z.' },
        ])
      }
    })

    test.each(['2024-03-01T12:00Z', '2024-03-01T13:00+01:00', '2024-03-01T12:00:00.000000Z'])(
      '%j is one',
      async (at) => {
        const { sql: text } = await predictionQuery(db, model as never, record, { at })
        expect(text).toContain("'2024-03-01 12:00:00")
      },
    )
  })

  test('is not trained: what to type', async () => {
    expect(await diagnosticsOf(() => loadRecord(join(directory, 'elsewhere'), 'replies'))).toMatchObject([
      {
        code: 'model/not-trained',
        message: 'Model "replies" has no trained version',
        hint: 'Run: viewcast train replies',
      },
    ])
  })
})
