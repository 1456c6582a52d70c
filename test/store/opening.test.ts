import { migrateStore, openStore, openStoreToWrite, storeVersion, ViewcastError, withPassingStore } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

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

  test('is refused by name for a role that may not read it, or not write to it, with what lets it', async () => {
    const db = await engine.open()
    await openStore(db, { project: 'p' })
    const refused = db.transaction(async (tx) => {
      const told = async (work: () => Promise<unknown>): Promise<string> => {
        const [told] = await diagnosticsOf(work)
        return `${told?.code}: ${told?.message} ${told?.hint}`
      }
      const write = () => told(() => openStoreToWrite(tx, { project: 'p' }))
      await tx.execute('CREATE ROLE store_guest; SET LOCAL ROLE store_guest')
      expect(await told(() => openStore(tx, { project: 'p' }))).toMatch(
        /store\/forbidden: Role "store_guest" may not read the store in .*store grant store_guest --read, or --append/s,
      )
      expect(await write()).toMatch(
        /Role "store_guest" may not write to the store in .*store grant store_guest --append/s,
      )
      await tx.execute(`RESET ROLE; SELECT viewcast.grant_access('store_guest', 'read'); SET LOCAL ROLE store_guest`)
      await openStore(tx, { project: 'p' })
      expect(await write()).toContain('Role "store_guest" may not write to the store')
      await tx.execute(`RESET ROLE; SELECT viewcast.grant_access('store_guest', 'append'); SET LOCAL ROLE store_guest`)
      await openStoreToWrite(tx, { project: 'p' })
      await tx.execute('SET LOCAL transaction_read_only = on')
      expect(await write()).toContain('The session may only read: connect to the primary')
      throw new Error('rolled back')
    })
    await expect(refused).rejects.toThrow('rolled back')
  })

  test('is brought up to date by its owner, and by members of that role', async () => {
    const db = await engine.open()
    await migrateStore(db, { to: 1 })
    const refused = db.transaction(async (tx) => {
      await tx.execute(`CREATE ROLE "store Owner"; CREATE ROLE "store Member";
        DO $$ DECLARE t regclass; f regprocedure; BEGIN
          FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'viewcast'::regnamespace AND c.relkind IN ('r', 'v') LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO "store Owner"', t);
          END LOOP;
          FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'viewcast'::regnamespace LOOP
            EXECUTE format('ALTER FUNCTION %s OWNER TO "store Owner"', f);
          END LOOP;
        END $$;
        ALTER SCHEMA viewcast OWNER TO "store Owner"; GRANT USAGE ON SCHEMA viewcast TO "store Member";
        GRANT SELECT ON ALL TABLES IN SCHEMA viewcast TO "store Member"; SET LOCAL ROLE "store Member"`)
      const [told] = await diagnosticsOf(() => migrateStore(tx))
      expect(`${told?.code}: ${told?.message} ${told?.hint}`).toMatch(
        /store\/forbidden: Role "store Member" may not migrate the store in .*: GRANT "store Owner" TO "store Member"$/s,
      )
      await tx.execute('RESET ROLE; GRANT "store Owner" TO "store Member"; SET LOCAL ROLE "store Member"')
      expect((await migrateStore(tx)).length).toBe(known - 1)
      throw new Error('rolled back')
    })
    await expect(refused).rejects.toThrow('rolled back')
  })

  test('is there for a question, and gone with everything else after it', async () => {
    const db = await engine.open()
    const there = async () => (await db.rows(`SELECT FROM pg_namespace WHERE nspname IN ('viewcast', 'asked')`)).length
    const asked = await withPassingStore(db, { project: 'p' }, async (store) => {
      await store.db.execute('CREATE SCHEMA asked')
      return (await storeVersion(store.db)).applied
    })
    expect([asked, await there()]).toEqual([known, 0])
    const failing = withPassingStore(db, { project: 'p' }, () => Promise.reject(new Error('no answer')))
    await expect(failing).rejects.toThrow('no answer')
    expect(await there()).toBe(0)
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
