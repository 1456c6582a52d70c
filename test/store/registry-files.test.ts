/** Record files beside the registry: adopted, compared, and what is there without a store. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  adoptRecords,
  deleteModel,
  loadModel,
  type ModelRecord,
  openStore,
  registerModel,
  type Store,
  saveRecord,
} from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

/** Records of a model that say different things: the threshold is the number. */
const recordOf = (name: string, threshold: number, more: Partial<ModelRecord> = {}): ModelRecord => ({
  ...linearRecord(name, ['age']),
  threshold,
  ...more,
})

describeEachEngine('files beside the registry', (engine) => {
  let store: Store
  let directory: string
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    directory = await mkdtemp(join(tmpdir(), 'viewcast-records-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  test('adopts the files of a project older than it, with their numbers', async () => {
    for (const [version, threshold] of [
      [2, 0.1],
      [3, 0.1],
      [5, 0.3],
    ] as const)
      await saveRecord(directory, recordOf('old', threshold, { version }))
    expect(await adoptRecords(store, directory, 'old')).toEqual({ adopted: [2, 3, 5], damaged: [] })
    expect(await adoptRecords(store, directory, 'old')).toEqual({ adopted: [], damaged: [] })
    // What is trained next goes on, also where a gap was; what an adopted file says is known.
    expect(await registerModel(store, recordOf('old', 0.4))).toMatchObject({ version: 6 })
    expect(await registerModel(store, recordOf('old', 0.3))).toMatchObject({ version: 5, isNew: false })
    expect(await registerModel(store, recordOf('old', 0.1))).toMatchObject({ version: 2, isNew: false })
  })

  test('adopts files before it registers, so that no file is another version', async () => {
    await saveRecord(directory, recordOf('first', 0.1, { version: 1 }))
    expect(await registerModel(store, recordOf('first', 0.2), { directory })).toMatchObject({ version: 2 })
    expect(await loadModel(store, directory, 'first', 1)).toMatchObject({
      from: 'registry',
      record: { threshold: 0.1 },
    })
  })

  test('takes what a clone brings, and does not bring back what was deleted', async () => {
    await registerModel(store, recordOf('cloned', 0.1))
    await saveRecord(directory, recordOf('cloned', 0.2, { version: 2 }))
    expect(await loadModel(store, directory, 'cloned')).toMatchObject({ from: 'registry', record: { version: 2 } })
    await deleteModel(store, 'cloned', 2)
    expect((await loadModel(store, directory, 'cloned')).record.version).toBe(1)
  })

  test('says so when a file and the registry differ', async () => {
    const { record } = await registerModel(store, recordOf('differs', 0.1))
    const file = await saveRecord(directory, record)
    expect((await loadModel(store, directory, 'differs')).warnings).toEqual([])
    // Ends of lines and the order of keys are no difference.
    const { name, ...rest } = JSON.parse(await readFile(file, 'utf8')) as ModelRecord
    await writeFile(file, JSON.stringify({ ...rest, name }, null, 1).replaceAll('\n', '\r\n'))
    expect((await loadModel(store, directory, 'differs')).warnings).toEqual([])
    await saveRecord(directory, { ...record, threshold: 0.9 })
    const edited = await loadModel(store, directory, 'differs')
    expect(edited.record.threshold).toBe(0.1)
    expect(edited.warnings).toMatchObject([{ code: 'model/record-differs', severity: 'warning' }])
    await writeFile(file, '{')
    expect((await loadModel(store, directory, 'differs', 1)).warnings).toMatchObject([{ code: 'model/record-differs' }])
  })

  test('leaves a damaged file out, unless it is asked for', async () => {
    await saveRecord(directory, recordOf('damaged', 0.1, { version: 1 }))
    await writeFile(await saveRecord(directory, recordOf('damaged', 0.2, { version: 2 })), '{')
    expect(await adoptRecords(store, directory, 'damaged')).toMatchObject({
      adopted: [1],
      damaged: [{ code: 'model/record' }],
    })
    expect((await loadModel(store, directory, 'damaged', 1)).record.version).toBe(1)
    // The newest is that file: an older version is not what was asked for.
    expect(await codesOf(() => loadModel(store, directory, 'damaged'))).toEqual(['model/record'])
  })

  test('is not needed for files', async () => {
    await saveRecord(directory, recordOf('alone', 0.1))
    expect(await loadModel(undefined, directory, 'alone')).toMatchObject({ from: 'file', record: { version: 1 } })
    expect(await codesOf(() => loadModel(undefined, directory, 'alone', 'production'))).toEqual(['model/needs-store'])
  })

  test('serves a role that may only read', async () => {
    await registerModel(store, recordOf('read', 0.1))
    await saveRecord(directory, recordOf('read', 0.2, { version: 2 }))
    const outcome = store.db.transaction(async (db) => {
      await db.execute(
        `CREATE ROLE registry_reader; GRANT USAGE ON SCHEMA viewcast TO registry_reader;
         GRANT SELECT ON ALL TABLES IN SCHEMA viewcast TO registry_reader; SET LOCAL ROLE registry_reader`,
      )
      const reading = { ...store, db }
      expect(await loadModel(reading, directory, 'read', 1)).toMatchObject({ from: 'registry' })
      expect(await loadModel(reading, directory, 'read')).toMatchObject({ from: 'file', record: { version: 2 } })
      throw new Error('rolled back')
    })
    await expect(outcome).rejects.toThrow('rolled back')
  })
})
