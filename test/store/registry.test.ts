import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  aliasAt,
  aliasesOf,
  aliasHistory,
  deleteModel,
  demoteModel,
  describeVersion,
  listModels,
  listModelVersions,
  loadModel,
  type ModelRecord,
  migrateStore,
  modelReference,
  modelSignature,
  modelVersion,
  openStore,
  openStoreToRead,
  prepareModel,
  promoteModel,
  registerModel,
  restoreModel,
  type Store,
  startRun,
  storeVersion,
  trainModel,
} from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'
import { model as declared, tables } from '../scenarios/shop.ts'

/** Records of a model that say different things: the threshold is the number. */
const recordOf = (name: string, threshold: number, more: Partial<ModelRecord> = {}): ModelRecord => ({
  ...linearRecord(name, ['age']),
  threshold,
  ...more,
})

describe('a reference to a model', () => {
  test('is read from its text', () => {
    expect(modelReference('delay15')).toEqual({ model: 'delay15' })
    expect(modelReference('delay15@3')).toEqual({ model: 'delay15', selector: 3 })
    expect(modelReference('delay15@production')).toEqual({ model: 'delay15', selector: 'production' })
    expect(modelReference('delay15@latest')).toEqual({ model: 'delay15' })
    expect(modelReference('a@b@champion')).toEqual({ model: 'a@b', selector: 'champion' })
  })

  test('is refused where it names no version', async () => {
    for (const text of ['m@', 'm@0', 'm@-1', 'm@1.5', 'm@v3', 'm@9999999999', 'm@a b', 'm@é']) {
      expect(await codesOf(() => modelReference(text))).toEqual(['model/selector'])
    }
  })
})

describeEachEngine('the registry of models', (engine) => {
  let store: Store
  let directory: string
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    directory = await mkdtemp(join(tmpdir(), 'viewcast-registry-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  test('numbers what is new, and knows what it has', async () => {
    const first = await registerModel(store, recordOf('numbers', 0.1))
    expect(first).toMatchObject({ version: 1, isNew: true, record: { version: 1, threshold: 0.1 } })
    expect(await registerModel(store, recordOf('numbers', 0.2))).toMatchObject({ version: 2, isNew: true })
    const again = await registerModel(
      store,
      recordOf('numbers', 0.1, { version: 7, trainedAt: '2031-01-01T00:00:00Z' }),
    )
    expect(again).toEqual({ ...first, isNew: false })
    // JSON has no −0: what is kept says 0.
    expect(await registerModel(store, recordOf('numbers', 0))).toMatchObject({ version: 3, isNew: true })
    expect(await registerModel(store, recordOf('numbers', -0))).toMatchObject({ version: 3, isNew: false })
  })

  test('adds what was not known of a version, and keeps what was', async () => {
    const record = recordOf('known', 0.3)
    const { id } = await registerModel(store, record)
    const run = await startRun(store, { kind: 'train' })
    await registerModel(store, record, { run: run.id, trainingSql: 'SELECT 1', predictionSql: 'SELECT 2' })
    await registerModel(store, record, { trainingSql: 'SELECT 3' })
    const [row] = await store.db.rows(
      'SELECT training_sql, training_hash, prediction_sql, execution_id FROM viewcast.model_version WHERE artifact_id = $1',
      [id],
    )
    expect(row).toEqual({
      training_sql: 'SELECT 1',
      training_hash: 'e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5',
      prediction_sql: 'SELECT 2',
      execution_id: run.id,
    })
    expect(await store.db.rows('SELECT direction, role FROM viewcast.event WHERE execution_id = $1', [run.id])).toEqual(
      [{ direction: 'out', role: 'model' }],
    )
  })

  test('leaves no number behind when the transaction is undone', async () => {
    const undone = store.db.transaction(async (db) => {
      await registerModel({ ...store, db }, recordOf('undone', 0.1))
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await registerModel(store, recordOf('undone', 0.2))).toMatchObject({ version: 1 })
  })

  test('keeps a signature with keys, request, inputs and outputs', async () => {
    const db = await engine.open()
    await db.execute(tables)
    const { record } = await trainModel(db, declared)
    const signature = modelSignature(record, await prepareModel(db, declared))
    expect(signature).toEqual({
      keys: [{ name: 'customer', type: 'int4' }],
      asOf: true,
      request: [],
      inputs: [
        { name: 'country', type: 'text', nullable: true, missing: 'scored', encoder: 'onehot' },
        { name: 'n_7d', type: 'float8', nullable: false, missing: 'scored', encoder: 'numeric' },
        { name: 'amount_7d', type: 'float8', nullable: true, missing: 'scored', encoder: 'numeric' },
      ],
      outputs: [{ name: 'probability', type: 'float8', description: 'probability of answer, 0 to 1' }],
    })
    const shop = await openStore(db, { project: 'shop' })
    await registerModel(shop, record)
    await registerModel(shop, record, { signature })
    const [row] = await db.rows('SELECT signature FROM viewcast.model_versions')
    expect(row).toEqual({ signature })
  })

  test('points aliases at versions, with reason and history', async () => {
    for (const threshold of [0.1, 0.2, 0.3]) await registerModel(store, recordOf('aliased', threshold))
    expect(await promoteModel(store, 'aliased', 'production', 1, { reason: 'the first' })).toEqual({
      alias: 'production',
      before: null,
      version: 1,
      changed: true,
    })
    const other = { ...store, actor: 'you' }
    expect(await promoteModel(other, 'aliased', 'production', 3, { expected: 1 })).toMatchObject({ before: 1 })
    expect(await promoteModel(other, 'aliased', 'production', 3)).toMatchObject({ changed: false })
    await promoteModel(store, 'aliased', 'champion', 2, { expected: null })
    expect(await aliasesOf(store, 'aliased')).toEqual({ champion: 2, production: 3 })
    await demoteModel(store, 'aliased', 'production', { reason: 'it drifts', expected: 3 })
    expect(await aliasesOf(store, 'aliased')).toEqual({ champion: 2 })
    const history = await aliasHistory(store, 'aliased', { alias: 'production' })
    expect(history).toMatchObject([
      { version: 3, actor: 'you', reason: null, endedBy: 'me', endedReason: 'it drifts' },
      { version: 1, actor: 'me', reason: 'the first', endedBy: 'you', endedReason: null },
    ])
    const [second, first] = history
    expect(first?.to).toBe(second?.from)
    expect(await aliasAt(store, 'aliased', 'production', first?.from ?? '')).toBe(1)
    expect(await aliasAt(store, 'aliased', 'production', second?.from ?? '')).toBe(3)
    expect(await aliasAt(store, 'aliased', 'production', second?.to ?? '')).toBeUndefined()
    expect(await aliasAt(store, 'aliased', 'production', '2001-01-01T00:00Z')).toBeUndefined()
    expect(await codesOf(() => aliasAt(store, 'aliased', 'production', 'yesterday'))).toEqual(['time/instant'])
    // Back again: the same alias, another interval.
    await promoteModel(store, 'aliased', 'production', 1)
    expect(await aliasHistory(store, 'aliased')).toHaveLength(4)
  })

  test('refuses aliases that are wrong, and changes nothing then', async () => {
    await registerModel(store, recordOf('refused', 0.1))
    await registerModel(store, recordOf('refused', 0.2))
    await promoteModel(store, 'refused', 'production', 1)
    for (const name of ['3', 'v3', 'latest', 'LATEST', '', '-a', 'a b', 'é', 'a'.repeat(101)]) {
      expect(await codesOf(() => promoteModel(store, 'refused', name, 1))).toEqual(['model/alias-name'])
    }
    expect(await codesOf(() => promoteModel(store, 'refused', 'production', 9))).toEqual(['model/not-trained'])
    expect(await codesOf(() => promoteModel(store, 'nobody', 'production', 1))).toEqual(['model/not-trained'])
    const moved = await diagnosticsOf(() => promoteModel(store, 'refused', 'production', 2, { expected: 2 }))
    expect(moved).toMatchObject([
      {
        code: 'model/alias-moved',
        message: 'Alias "production" of model "refused" points at version 1, not at version 2',
      },
    ])
    expect(await codesOf(() => promoteModel(store, 'refused', 'production', 2, { expected: null }))).toEqual([
      'model/alias-moved',
    ])
    expect(await codesOf(() => demoteModel(store, 'refused', 'production', { expected: 2 }))).toEqual([
      'model/alias-moved',
    ])
    const unknown = await diagnosticsOf(() => demoteModel(store, 'refused', 'prodution'))
    expect(unknown).toMatchObject([{ code: 'model/no-alias', hint: 'Did you mean "production"?' }])
    expect(await aliasesOf(store, 'refused')).toEqual({ production: 1 })
    expect(await aliasHistory(store, 'refused')).toHaveLength(1)
    // The database holds to it, too, whoever writes.
    const byHand = store.db.query(`UPDATE viewcast.alias SET alias = 'V12' WHERE alias = 'production'`)
    await expect(byHand).rejects.toMatchObject({ sqlState: '23514' })
  })

  test('keeps its aliases when the model gets another name', async () => {
    await registerModel(store, recordOf('before', 0.1))
    await promoteModel(store, 'before', 'production', 1)
    await store.db.query(`UPDATE viewcast.asset SET name = 'after' WHERE kind = 'model' AND name = 'before'`)
    expect(await loadModel(store, directory, 'after', 'production')).toMatchObject({
      record: { name: 'after', version: 1 },
    })
    expect(await aliasHistory(store, 'after')).toHaveLength(1)
    expect(await registerModel(store, recordOf('after', 0.1))).toMatchObject({ version: 1, isNew: false })
  })

  test('history goes on when the clock of the server steps back', async () => {
    for (const threshold of [0.1, 0.2]) await registerModel(store, recordOf('clock', threshold))
    await promoteModel(store, 'clock', 'production', 1)
    await store.db.query(
      `UPDATE viewcast.alias_history SET valid_from = valid_from + interval '1 hour'
       WHERE asset_id = (SELECT id FROM viewcast.asset WHERE name = 'clock')`,
    )
    await promoteModel(store, 'clock', 'production', 2)
    await promoteModel(store, 'clock', 'production', 1)
    const history = [...(await aliasHistory(store, 'clock'))].reverse()
    expect(history.map((h) => h.version)).toEqual([1, 2, 1])
    expect(history[0]?.to).toBe(history[1]?.from)
    expect(history[1]?.to).toBe(history[2]?.from)
  })

  test('deletes versions so that they can come back', async () => {
    for (const threshold of [0.1, 0.2, 0.3]) await registerModel(store, recordOf('gone', threshold))
    await promoteModel(store, 'gone', 'production', 2)
    expect(await diagnosticsOf(() => deleteModel(store, 'gone', 2))).toMatchObject([
      { code: 'model/aliased', message: 'Version 2 of model "gone" is not deleted: production points at it' },
    ])
    expect(await codesOf(() => deleteModel(store, 'gone'))).toEqual(['model/aliased'])
    expect(await deleteModel(store, 'gone', 3)).toEqual({ versions: [3] })
    expect(await deleteModel(store, 'gone', 3)).toEqual({ versions: [] })
    expect(await codesOf(() => promoteModel(store, 'gone', 'champion', 3))).toEqual(['model/deleted'])
    expect(await codesOf(() => loadModel(store, directory, 'gone', 3))).toEqual(['model/deleted'])
    expect((await loadModel(store, directory, 'gone')).record.version).toBe(2)
    expect(await registerModel(store, recordOf('gone', 0.4))).toMatchObject({ version: 4 })
    expect(await restoreModel(store, 'gone', 3)).toEqual({ versions: [3] })
    await demoteModel(store, 'gone', 'production')
    expect(await deleteModel(store, 'gone')).toEqual({ versions: [1, 2, 3, 4] })
    expect(await codesOf(() => loadModel(store, directory, 'gone'))).toEqual(['model/deleted'])
    expect(await aliasHistory(store, 'gone')).toHaveLength(1)
    // Training that gives the same takes it back, under its number.
    expect(await registerModel(store, recordOf('gone', 0.2))).toMatchObject({ version: 2, isNew: false })
    expect((await loadModel(store, directory, 'gone')).record.version).toBe(2)
    expect(await codesOf(() => deleteModel(store, 'gone', 9))).toEqual(['model/not-trained'])
    expect(await codesOf(() => deleteModel(store, 'nobody'))).toEqual(['model/not-trained'])
  })

  test('loads by number, alias, or the newest', async () => {
    for (const threshold of [0.1, 0.2, 0.3]) await registerModel(store, recordOf('load', threshold))
    await promoteModel(store, 'load', 'production', 2)
    const version = async (selector?: number | string) =>
      (await loadModel(store, directory, 'load', selector)).record.version
    expect(await Promise.all([version(), version('latest'), version(1), version('production'), version('3')])).toEqual([
      3, 3, 1, 2, 3,
    ])
    expect(await diagnosticsOf(() => version(4))).toMatchObject([
      { code: 'model/not-trained', hint: 'There are: 1, 2, 3.' },
    ])
    expect(await diagnosticsOf(() => version('champion'))).toMatchObject([
      { code: 'model/no-alias', hint: 'There are: production.' },
    ])
    expect(await codesOf(() => loadModel(store, directory, 'never'))).toEqual(['model/not-trained'])
  })

  test('lets an application role append and point, and a reading role look', async () => {
    const outcome = store.db.transaction(async (db) => {
      await db.execute(
        `CREATE ROLE registry_app; CREATE ROLE registry_look; SELECT viewcast.grant_access('registry_app', 'append');
         SELECT viewcast.grant_access('registry_look', 'read'); SET LOCAL ROLE registry_app`,
      )
      const inside = { ...store, db }
      for (const threshold of [0.1, 0.2]) await registerModel(inside, recordOf('granted', threshold))
      await promoteModel(inside, 'granted', 'production', 2)
      await describeVersion(inside, 'granted', 1, { description: 'old', tags: { a: 'b' } })
      await deleteModel(inside, 'granted', 1)
      await restoreModel(inside, 'granted', 1)
      await demoteModel(inside, 'granted', 'production')
      await promoteModel(inside, 'granted', 'production', 1)
      await db.execute('SET LOCAL ROLE registry_look')
      expect((await loadModel(inside, directory, 'granted', 'production')).record.version).toBe(1)
      expect(await aliasHistory(inside, 'granted')).toHaveLength(2)
      expect(await listModels(inside)).toContainEqual(expect.objectContaining({ model: 'granted', versions: [1, 2] }))
      expect(await openStoreToRead(db, { project: 'shop' })).toMatchObject({ project: 'shop' })
      const refused = db.transaction((tx) => promoteModel({ ...store, db: tx }, 'granted', 'production', 2))
      await expect(refused).rejects.toMatchObject({ sqlState: '42501' })
      throw new Error('rolled back')
    })
    await expect(outcome).rejects.toThrow('rolled back')
  })

  test('is described and tagged version by version', async () => {
    await registerModel(store, recordOf('described', 0.1))
    const tags = { reviewed: 'yes', '"odd" key': 'a=b, {c}' }
    expect(await describeVersion(store, 'described', 1, { description: "it's new", tags })).toEqual({
      description: "it's new",
      tags,
    })
    expect(await describeVersion(store, 'described', 1, { tags: { reviewed: null } })).toEqual({
      description: "it's new",
      tags: { '"odd" key': 'a=b, {c}' },
    })
    expect(await describeVersion(store, 'described', 1, { description: null })).toMatchObject({ description: null })
    expect(await codesOf(() => describeVersion(store, 'described', 2, {}))).toEqual(['model/not-trained'])
    expect(await listModelVersions(store, 'described')).toMatchObject([{ version: 1, description: null, run: null }])
    expect(await codesOf(() => listModelVersions(store, 'never'))).toEqual(['model/not-trained'])
    expect(await codesOf(() => modelVersion(store, 'described', 9))).toEqual(['model/not-trained'])
  })

  test('is not made by looking for it', async () => {
    const db = await engine.open()
    expect(await openStoreToRead(db, { project: 'shop' })).toBeUndefined()
    expect(await storeVersion(db)).toMatchObject({ applied: 0 })
    await migrateStore(db, { to: 1 })
    // Nothing of the registry is there yet: older is older.
    const opened = await openStoreToRead(db, { project: 'shop' }).then(
      () => 'opened',
      (e) => e.diagnostics[0].code,
    )
    expect(opened).toBe(engine.name === 'pglite' ? 'opened' : 'store/older')
  })
})
