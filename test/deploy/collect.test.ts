import {
  applyPlan,
  type CollectOptions,
  collectKept,
  type DeploymentDef,
  deploymentVersions,
  findDeployment,
  keptVersions,
  listDeployments,
  liveDeployment,
  type ModelDef,
  type ModelRecord,
  openStore,
  type PlanOptions,
  planDeployments,
  type RollbackOptions,
  rollback,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { datasetOf, model, p, profile, spending, tables } from '../scenarios/shop.ts'

const kinds = p.model('kinds', {
  dataset: datasetOf([profile, spending]),
  family: 'multinomial',
  label: 'answer',
  penalty: 1,
} as never) as ModelDef

describeEachEngine('what was put aside', (engine) => {
  let store: Store
  const records = new Map<string, ModelRecord>()
  const record = async (name: string) => records.get(name) as ModelRecord
  const allowed = { record, allowBreaking: true, allowRemove: true }
  const at = '2024-03-01T00:00:00Z'
  const binary = { model, outputs: ['value', 'label'] }
  const many = { model: kinds }

  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    for (const one of [model, kinds]) records.set(one.name, (await trainRecorded(store, one)).record)
    await engine.db.execute('CREATE ROLE reader')
  })

  /** A schema for each test, and in it one object of the kind. */
  const inSchema = async (schema: string, as: DeploymentDef['as']) => {
    await engine.db.execute(`CREATE SCHEMA ${schema}`)
    const object = { schema, name: 'now' }
    const deploy = async (options: object, plan: PlanOptions = {}) => {
      const def = p.deployment('now', { as, schema, ...(as === 'view' ? { at } : {}), ...options } as never)
      const wanted = { def, record: await record(def.model.name), isDeclared: true }
      const planned = await planDeployments(store, [wanted], plan)
      await applyPlan(store, planned, { ...allowed, overwriteEdited: true })
      return planned
    }
    return {
      object,
      deploy,
      back: (options: Partial<RollbackOptions> = {}) => rollback(store, object, { ...allowed, ...options }),
      kept: async () => {
        const { versions, schemas } = await keptVersions(store, { keep: 0 })
        return {
          versions: versions.filter((v) => v.object.schema === schema),
          schemas: schemas.filter((s) => s.name.startsWith(`${schema}__`)),
        }
      },
      rows: (where = schema) => engine.db.rows(`SELECT * FROM ${where}.now ORDER BY customer, as_of`),
    }
  }
  const there = async (schema: string) =>
    (
      await engine.db.rows<{ s: string }>(
        'SELECT nspname AS s FROM pg_namespace WHERE starts_with(nspname, $1) ORDER BY 1',
        [schema],
      )
    ).map((r) => r.s)

  test('of a table comes back with its rows, key and grants, and can be collected', async () => {
    const { deploy, back, kept, rows, object } = await inSchema('tab', 'table')
    await deploy(binary)
    await engine.db.execute(`GRANT SELECT (customer, label) ON tab.now TO reader; GRANT SELECT, DELETE ON tab.now TO PUBLIC;
      CREATE INDEX by_label ON tab.now (label); UPDATE tab.now SET probability = 0.123 WHERE customer = 7`)
    const before = await rows()
    expect(before).toHaveLength(200)
    const plan = await deploy(many)
    expect([plan.changes[0]?.class, plan.changes[0]?.strategy]).toEqual(['breaking', 'swap'])
    const after = await rows()
    expect(after).toHaveLength(200)
    expect(after[0]).not.toHaveProperty('probability')
    expect(await rows('tab__v1')).toEqual(before)
    expect((await kept()).versions).toMatchObject([
      {
        name: 'now',
        version: 1,
        kind: 'table',
        dependents: [],
        status: 'collectable',
        model: 'replies',
        modelVersion: 1,
      },
    ])
    expect((await kept()).versions[0]?.bytes).toBeGreaterThan(8192)
    await back()
    expect(await rows()).toEqual(before)
    const [grants] = await engine.db.rows(
      `SELECT has_column_privilege('reader', 'tab.now', 'label', 'SELECT') AS label, has_table_privilege('reader', 'tab.now', 'DELETE') AS del,
              (SELECT string_agg(contype, '') FROM pg_constraint WHERE conrelid = 'tab.now'::regclass AND contype = 'p') AS key,
              (SELECT count(*) FROM pg_indexes WHERE schemaname = 'tab' AND indexname = 'by_label') AS index`,
    )
    expect(grants).toEqual({ label: true, del: true, key: 'p', index: '1' })
    await back()
    expect(await rows()).toEqual(after)
    const { versions, schemas } = await collectKept(store, { keep: 0, reason: 'tidy' })
    expect(versions.filter((v) => v.object.schema === 'tab').map((v) => v.outcome)).toEqual(['collected'])
    expect(schemas).toContain('tab__v1')
    expect(await there('tab')).toEqual(['tab'])
    // Made again from its text, and filled.
    await back({ to: 1 })
    expect((await rows())[6]).toMatchObject({
      customer: 7,
      label: expect.any(Boolean),
      probability: expect.any(Number),
    })
    expect((await rows())[6]?.['probability']).not.toBe(0.123)
    const history = await engine.db.rows(
      `SELECT c.action, c.reason FROM viewcast.deployment_change c JOIN viewcast.asset a ON a.id = c.asset_id WHERE a.name = 'tab.now' ORDER BY c.id`,
    )
    expect(history.map((h) => h['action'])).toEqual(['apply', 'apply', 'rollback', 'rollback', 'collect', 'rollback'])
    expect((await deploymentVersions(store, object))?.versions.map((v) => v.isLive)).toEqual([true, false])
  })

  test('is collected once by two who do so at once', async () => {
    const { deploy } = await inSchema('twice', 'view')
    await deploy(binary)
    await deploy(many)
    const both = await Promise.all([collectKept(store, { keep: 0 }), collectKept(store, { keep: 0 })])
    const ours = both.flatMap((b) => b.versions).filter((v) => v.object.schema === 'twice')
    expect(ours.filter((v) => v.outcome === 'collected')).toHaveLength(1)
    expect(both.flatMap((b) => b.schemas).filter((s) => s === 'twice__v1')).toHaveLength(1)
    expect(await there('twice')).toEqual(['twice'])
  })

  test('because it was removed comes back as it was left', async () => {
    const { deploy, back, rows, object } = await inSchema('gone', 'table')
    await deploy(binary)
    await engine.db.execute(`GRANT SELECT ON gone.now TO reader; UPDATE gone.now SET probability = 0.5 WHERE customer = 7;
      CREATE VIEW public.on_gone AS SELECT customer FROM gone.now`)
    const before = await rows()
    const ours = (await listDeployments(store, '')).filter((d) => d.object.schema === 'gone')
    const removal = (options: PlanOptions = {}) =>
      planDeployments(store, [], { ...options, unlessWanted: ours as NonNullable<PlanOptions['unlessWanted']> })
    const blocked = await removal()
    expect(blocked.changes[0]?.blockers.map((b) => b.code)).toEqual(['deploy/dependents'])
    await expect(applyPlan(store, blocked, allowed)).rejects.toThrow('on_gone')
    const plan = await removal({ leaveDependents: true })
    await expect(applyPlan(store, plan, { record })).rejects.toThrow('deploy/removal')
    await applyPlan(store, plan, allowed)
    expect(await engine.db.rows(`SELECT to_regclass('gone.now') AS r`)).toEqual([{ r: null }])
    expect(await liveDeployment(store, object)).toBeUndefined()
    expect(await engine.db.rows('SELECT count(*)::int AS n FROM on_gone')).toEqual([{ n: 200 }])
    const again = async () => (await applyPlan(store, plan, allowed)).changes[0]?.outcome
    expect(await again()).toBe('already')
    await engine.db.execute('CREATE VIEW gone.now AS SELECT 1 AS theirs')
    await expect(again()).rejects.toThrow('deploy/moved')
    await engine.db.execute('DROP VIEW gone.now')
    await back({ to: 1 })
    expect(await rows()).toEqual(before)
    const [may] = await engine.db.rows(`SELECT has_table_privilege('reader', 'gone.now', 'SELECT') AS may`)
    expect(may).toEqual({ may: true })
    expect((await liveDeployment(store, object))?.version).toBe(1)
  })

  test('of a function, with other columns, comes back with who may call it', async () => {
    const { deploy, back, kept } = await inSchema('fun', 'function')
    await deploy(binary)
    await engine.db.execute(
      'REVOKE EXECUTE ON FUNCTION fun.now FROM PUBLIC; GRANT EXECUTE ON FUNCTION fun.now TO reader',
    )
    const call = async () => Object.keys((await engine.db.rows(`SELECT * FROM fun.now(7, '${at}')`))[0] ?? {})
    const before = await call()
    await deploy(many)
    expect(await call()).not.toEqual(before)
    const may = async () =>
      (
        await engine.db.rows(`SELECT has_function_privilege('reader', 'fun.now(int4, timestamptz)', 'EXECUTE') AS reader,
         EXISTS (SELECT FROM pg_proc p, aclexplode(p.proacl) a WHERE p.oid = 'fun.now(int4, timestamptz)'::regprocedure AND a.grantee = 0) AS everybody`)
      )[0]
    expect(await may()).toEqual({ reader: true, everybody: false })
    await back()
    expect(await call()).toEqual(before)
    expect(await may()).toEqual({ reader: true, everybody: false })
    await collectKept(store, { keep: 0 })
    expect((await kept()).versions).toEqual([])
    // Forward, made again from its text; back to the one that was put aside by that.
    await back({ to: 2 })
    expect(await call()).not.toEqual(before)
    await back()
    expect(await call()).toEqual(before)
  })

  test('of one kind comes back in the place of another', async () => {
    const view = await inSchema('kind', 'view')
    await view.deploy(binary)
    await engine.db.execute('GRANT SELECT ON kind.now TO reader')
    const before = await view.rows()
    await view.deploy({ ...binary, as: 'table', at: undefined })
    const kindOf = async () =>
      (
        await engine.db.rows(
          `SELECT relkind::text AS k, has_table_privilege('reader', oid, 'SELECT') AS may FROM pg_class WHERE oid = 'kind.now'::regclass`,
        )
      )[0]
    expect(await kindOf()).toEqual({ k: 'r', may: true })
    await view.back()
    expect(await kindOf()).toEqual({ k: 'v', may: true })
    expect(await view.rows()).toEqual(before)
  })

  test('stays while it is among the newest, others depend on it, somebody changed it, or reads it', async () => {
    const { deploy, kept } = await inSchema('stays', 'view')
    await deploy(binary)
    for (const [i, next] of [many, { model }, { model, outputs: ['label'] }, binary, many].entries()) {
      if (i === 1) await engine.db.execute('CREATE VIEW public.reads_second AS SELECT label FROM stays.now')
      await deploy(next, { isExact: true, leaveDependents: true })
    }
    const status = async (keep: number) =>
      (await keptVersions(store, { keep })).versions
        .filter((v) => v.object.schema === 'stays')
        .map((v) => `${v.version} ${v.status}`)
    // 1 and 2 were live twice, so that there are two of 1, and an older one of 2 while 2 is live.
    expect(await status(0)).toEqual(['1 collectable', '4 collectable', '3 collectable', '2 read', '1 collectable'])
    expect(await status(2)).toEqual(['1 newest', '4 newest', '3 collectable', '2 read', '1 collectable'])
    await engine.db.execute(`CREATE OR REPLACE VIEW stays__v3.now AS SELECT NULL::int4 AS customer, NULL::timestamptz AS as_of, 0.5::float8 AS probability;
      CREATE TABLE stays__v1.mine (n int)`)
    expect((await status(0)).slice(1, 3)).toEqual(['4 collectable', '3 changed'])
    const { versions } = await collectKept(store, { keep: 0 })
    const outcomes = versions.filter((v) => v.object.schema === 'stays').map((v) => `${v.version} ${v.outcome}`)
    expect(outcomes).toEqual(['1 collected', '4 collected', '3 changed', '2 read', '1 collected'])
    expect((await kept()).schemas.find((s) => s.name === 'stays__v1')).toEqual({
      name: 'stays__v1',
      foreign: ['table stays__v1.mine'],
      isEmpty: false,
    })
    expect(await there('stays__v1')).toEqual(['stays__v1'])
    expect(await engine.db.rows('SELECT * FROM reads_second LIMIT 1')).toHaveLength(1)
    await engine.db.execute('DROP VIEW reads_second')
    expect(
      (await collectKept(store, { keep: 0 })).versions.find((v) => v.object.schema === 'stays' && v.version === 2)
        ?.outcome,
    ).toBe('collected')
  })

  test("that was edited before it was put aside is somebody's work: it is not collected, and is not its version", async () => {
    const { deploy, kept, back } = await inSchema('worked', 'table')
    await deploy(binary)
    await engine.db.execute('ALTER TABLE worked.now ADD COLUMN note text')
    await deploy(many)
    expect((await kept()).versions.filter((v) => v.object.schema === 'worked').map((v) => v.status)).toEqual([
      'changed',
    ])
    await collectKept(store, { keep: 0 })
    expect(await engine.db.rows('SELECT note FROM worked__v1.now LIMIT 1')).toEqual([{ note: null }])
    const plan = await back({ to: 1 })
    expect(plan.changes[0]?.warnings.map((w) => w.code)).toContain('deploy/not-kept')
    expect((await engine.db.describe('SELECT * FROM worked.now')).map((c) => c.name)).not.toContain('note')
  })

  test('that somebody dropped is forgotten', async () => {
    const { deploy, kept, back } = await inSchema('lost', 'view')
    await deploy(binary)
    await deploy(many)
    await engine.db.execute('DROP VIEW lost__v1.now')
    expect((await kept()).versions.map((v) => v.status)).toEqual(['gone'])
    await collectKept(store)
    expect((await kept()).versions).toEqual([])
    await back()
    expect(await there('lost')).toEqual(['lost', 'lost__v2'])
    // Its place is taken again before anybody collected.
    await engine.db.execute('DROP VIEW lost__v2.now')
    await deploy(many)
    await back()
    expect((await kept()).versions.map((v) => [v.version, v.status])).toEqual([[2, 'collectable']])
  })

  test('is of a deployment that is found by its name, or by the object where several have it', async () => {
    for (const schema of ['one', 'two']) await (await inSchema(schema, 'view')).deploy(binary)
    await expect(findDeployment(store, 'now')).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/ambiguous', message: expect.stringMatching(/one\.now, .*two\.now/) }],
    })
    expect(await findDeployment(store, 'two.now')).toMatchObject({
      object: { schema: 'two', name: 'now' },
      isLive: true,
    })
  })

  test('stays when it is edited between the list and its turn', async () => {
    const { deploy } = await inSchema('turn', 'view')
    await deploy(binary)
    await deploy(many)
    await deploy(binary)
    await deploy(many)
    expect((await there('turn__')).length).toBeGreaterThan(1)
    // The newest is collected first; somebody has edited the oldest by the time that is committed.
    await engine.db.execute(`
      CREATE FUNCTION turn.edit() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF to_regclass('turn__v3.now') IS NULL AND to_regclass('turn__v1.now') IS NOT NULL THEN
          EXECUTE 'CREATE OR REPLACE VIEW turn__v1.now AS SELECT * FROM (' || rtrim(pg_get_viewdef('turn__v1.now'::regclass), ';') || ') AS q WHERE label';
        END IF; END $$;
      CREATE EVENT TRIGGER turn_edit ON sql_drop EXECUTE FUNCTION turn.edit()`)
    try {
      const { versions } = await collectKept(store, { keep: 0 })
      const ours = versions.filter((v) => v.object.schema === 'turn').map((v) => [v.at.schema, v.outcome])
      expect(ours).toContainEqual(['turn__v1', 'changed'])
      expect(await engine.db.rows(`SELECT to_regclass('turn__v1.now') IS NOT NULL AS stays`)).toEqual([{ stays: true }])
    } finally {
      await engine.db.execute('DROP EVENT TRIGGER turn_edit')
    }
  })

  test('is of its project and environment, and in schemas of ours: of others nothing is listed or removed', async () => {
    const { deploy, kept } = await inSchema('"Its own"', 'view')
    const staging = { environment: 'staging' }
    const own = { schema: 'Its own' }
    for (const next of [binary, many]) await deploy({ ...next, ...own }, staging)
    await engine.db.execute('CREATE SCHEMA theirs__v1')
    const inIt = async (by: Store, options: CollectOptions = {}) =>
      (await collectKept(by, { keep: 0, ...options })).versions.filter((v) => v.object.schema === 'Its own')
    expect(await inIt(await openStore(engine.db, { project: 'another' }))).toEqual([])
    expect(await inIt(store, { environment: 'production' })).toEqual([])
    const { versions, schemas } = await keptVersions(store, { keep: 0, ...staging })
    expect(versions.map((v) => [v.object.schema, v.status])).toEqual([['Its own', 'collectable']])
    expect(schemas.find((s) => s.name === 'Its own__v1')).toMatchObject({ isEmpty: false, foreign: [] })
    expect((await inIt(store, staging)).map((v) => v.outcome)).toEqual(['collected'])
    expect(await there('Its own')).toEqual(['Its own'])
    expect(await there('theirs__v1')).toEqual(['theirs__v1'])
    expect((await kept()).versions).toEqual([])
  })

  test('and what is gone by then are not the versions before', async () => {
    const { deploy, back, object } = await inSchema('before', 'view')
    for (const next of [binary, many, { model }]) await deploy(next, { isExact: true })
    const before = async () => (await deploymentVersions(store, object))?.before
    expect(await before()).toBe(2)
    await deploy({ model, readers: ['reader'] }, { isExact: true })
    expect(await before()).toBe(2)
    const statuses = async (keep: number) =>
      (await keptVersions(store, { keep })).versions
        .filter((v) => v.object.schema === 'before')
        .map((v) => `${v.version} ${v.status}`)
    expect(await statuses(1)).toEqual(['2 newest', '1 collectable'])
    await engine.db.execute('DROP VIEW before__v2.now')
    expect(await statuses(1)).toEqual(['2 gone', '1 newest'])
    await collectKept(store, { keep: 0 })
    expect([await before(), await statuses(0)]).toEqual([2, []])
    await back({ isExact: true })
    expect((await liveDeployment(store, object))?.version).toBe(2)
    // That one went back to its place, so that nothing is kept where it was.
    await back({ isExact: true })
    expect([(await liveDeployment(store, object))?.version, await statuses(0)]).toEqual([3, ['2 collectable']])
  })

  test('comes back with the readers that are ours to take away, and with nobody as its owner but who owns it', async () => {
    const { deploy, back, object } = await inSchema('whose', 'view')
    await deploy({ model, at, readers: ['reader'], owner: 'reader' })
    await deploy({ ...binary, readers: ['reader'] })
    await engine.db.execute('ALTER VIEW whose.now OWNER TO CURRENT_USER')
    const granted = async () => (await liveDeployment(store, object))?.granted
    const owner = async () =>
      (
        await engine.db.rows(
          `SELECT relowner::regrole::text = quote_ident(current_user) AS mine FROM pg_class WHERE oid = 'whose.now'::regclass`,
        )
      )[0]
    await back()
    expect([await granted(), await owner()]).toEqual([['reader'], { mine: true }])
    await deploy({ ...many, readers: ['reader'] })
    await back()
    expect([await granted(), await owner()]).toEqual([['reader'], { mine: true }])
    await deploy({ model, readers: [] })
    const may = await engine.db.rows(`SELECT has_table_privilege('reader', 'whose.now', 'SELECT') AS may`)
    expect([await granted(), may]).toEqual([[], [{ may: false }]])
  })

  test('is not needed to bring back the one that is live, when somebody dropped it', async () => {
    const { deploy, back, rows } = await inSchema('dropped', 'view')
    await deploy(binary)
    const before = await rows()
    await engine.db.execute('DROP VIEW dropped.now')
    await back({ to: 1 })
    expect(await rows()).toEqual(before)
  })
})
