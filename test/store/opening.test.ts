import { migrateStore, openStore, storeVersion, ViewcastError } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

describeEachEngine('opening a store', (engine) => {
  let known = 0
  beforeAll(async () => {
    known = (await storeVersion(engine.db)).known
  })

  test('makes it where there is none, once', async () => {
    const db = await engine.open()
    expect(await storeVersion(db)).toEqual({ applied: 0, known })
    expect(await openStore(db, { project: 'p', actor: 'me' })).toMatchObject({ project: 'p', actor: 'me' })
    expect(await storeVersion(db)).toEqual({ applied: known, known })
    expect(await migrateStore(db)).toEqual([])
  })

  test('is refused where it may not be made', async () => {
    const db = await engine.open()
    expect(await codesOf(() => openStore(db, { project: 'p', migrate: 'never' }))).toEqual(['store/absent'])
  })

  test('brings one up to date from every version there was', async () => {
    for (let before = 1; before < known; before++) {
      const db = await engine.open()
      await migrateStore(db, { to: before })
      expect(await storeVersion(db)).toEqual({ applied: before, known })
      await openStore(db, { project: 'p', migrate: 'always' })
      expect(await storeVersion(db)).toEqual({ applied: known, known })
    }
  })

  test('is refused on a server when it is older, until somebody says so', async () => {
    const db = await engine.open()
    await migrateStore(db, { to: 1 })
    expect(await codesOf(() => openStore(db, { project: 'p', migrate: 'never' }))).toEqual(['store/older'])
    const opened = await codesOf(async () => {
      await openStore(db, { project: 'p' })
      throw new ViewcastError([])
    })
    expect(opened).toEqual(engine.name === 'pglite' ? [] : ['store/older'])
  })

  test('is refused for a role that may not create it', async () => {
    const db = await engine.open()
    const refused = db.transaction(async (tx) => {
      await tx.execute('CREATE ROLE store_guest; SET LOCAL ROLE store_guest')
      expect(await codesOf(() => openStore(tx, { project: 'p' }))).toEqual(['store/forbidden'])
      throw new Error('rolled back')
    })
    await expect(refused).rejects.toThrow('rolled back')
  })

  test('is refused when it is newer, or was made by another text', async () => {
    const db = await engine.open()
    await migrateStore(db)
    await db.query(`INSERT INTO viewcast.migration (version, name, hash) VALUES ($1, 'later', '')`, [known + 1])
    expect(await codesOf(() => openStore(db, { project: 'p' }))).toEqual(['store/newer'])
    await db.query('DELETE FROM viewcast.migration WHERE version = $1', [known + 1])
    await db.query(`UPDATE viewcast.migration SET hash = '' WHERE version = 2`)
    expect(await codesOf(() => openStore(db, { project: 'p' }))).toEqual(['store/changed'])
  })
})
