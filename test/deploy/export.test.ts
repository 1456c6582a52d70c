import { createHash } from 'node:crypto'
import {
  applyPlan,
  type Database,
  type DeploymentDef,
  deploymentArtefact,
  deploymentMigration,
  type ModelRecord,
  migrationStyles,
  openStore,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { model, p, tables } from '../scenarios/shop.ts'

describeEachEngine('a deployment as files', (engine) => {
  let store: Store
  let record: ModelRecord
  let reader = ''
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
    const [row] = await engine.db.rows<{ n: string }>(`SELECT current_database() || ' reads' AS n`)
    reader = row?.n ?? ''
    await engine.db.execute(`DROP ROLE IF EXISTS "${reader}"; CREATE ROLE "${reader}"`)
  })
  const change = async (def: DeploymentDef) => {
    const plan = await planDeployments(store, [{ def, record, isDeclared: true }], { sample: 0 })
    const [only] = plan.changes
    if (!only) throw new Error('nothing is planned')
    return { plan, only }
  }
  const deployed = async (def: DeploymentDef) =>
    applyPlan(store, (await change(def)).plan, { record: async () => record })
  const written = async (def: DeploymentDef) => {
    const [up, down] = await deploymentMigration(store, (await change(def)).only)
    return { up: up?.content ?? '', down: down?.content ?? '' }
  }
  const at = '2024-02-15T00:00Z'
  /** As a client does that rolls back at an error, which a script by itself leaves to its client. */
  const attempt = (text: string) =>
    store.db.transaction((tx) => tx.execute(text.replace(/^BEGIN;$/m, '').replace(/^COMMIT;$/m, '')))

  describe.each(['view', 'table', 'function'] as const)('of a %s', (as) => {
    test('makes it, and takes it away again', async () => {
      const before = await everything(store.db)
      const def = p.deployment(`new ${as}`, { model, as, readers: [reader] })
      const { up, down } = await written(def)
      await store.db.execute(up)
      const there = await everything(store.db)
      expect(Object.keys(there).length).toBeGreaterThan(Object.keys(before).length)
      // Down drops what up made, so that up is not content with what somebody else made meanwhile.
      await expect(attempt(up)).rejects.toThrow('already exists')
      expect(await everything(store.db)).toEqual(there)
      await store.db.execute(down)
      expect(await everything(store.db)).toEqual(before)
    })

    test('changes it, and leaves what was there', async () => {
      const def = (outputs: readonly ['value'] | readonly ['value', 'label'], readers: readonly string[] = []) =>
        p.deployment(`changed ${as}`, { model, as, outputs, readers, ...(as === 'function' ? {} : { at }) })
      await deployed(def(['value']))
      const [named] = Object.keys(await everything(store.db)).filter((name) => name.startsWith(`public.changed ${as}`))
      expect(named).toBeDefined()
      const before = await everything(store.db)
      const { up, down } = await written(def(['value', 'label'], [reader]))
      await store.db.execute(up)
      expect(await everything(store.db)).not.toEqual(before)
      await store.db.execute(down)
      expect(await everything(store.db)).toEqual(before)
      // Fewer columns: the others stay, as NULLs.
      await deployed(def(['value', 'label'], [reader]))
      const more = await everything(store.db)
      const less = await written(def(['value']))
      await store.db.execute(less.up)
      expect(await everything(store.db)).not.toEqual(more)
      await store.db.execute(less.down)
      expect(await everything(store.db)).toEqual(more)
      expect(await codesOf(() => written(def(['value', 'label'], [reader])))).toEqual(['deploy/unchanged'])
    })

    test('is one file, which refuses to be another', async () => {
      const def = p.deployment(`whole ${as}`, { model, as, readers: [reader], ...(as === 'function' ? {} : { at }) })
      const { only } = await change(def)
      const text = await deploymentArtefact(store, only, { def, record, now: new Date(0) })
      expect(text).toContain('-- written      1970-01-01T00:00:00.000Z')
      expect(text).toMatch(/^-- {3}public\.orders: amount, at, customer$/m)
      const before = await everything(store.db)
      const [, , body = ''] = /_statements text := (\$\w+\$)\n([\s\S]*?)\n\1;/.exec(text) ?? []
      const hash = (statements: string) => createHash('sha256').update(statements).digest('hex')
      expect(text).toContain(`-- sha256       ${hash(body)} `)
      const start = text.indexOf(body)
      const places = [...body.matchAll(/-?\d\.\d{6,}(?='?::float8)/g)]
      expect(places.length).toBeGreaterThan(2)
      for (const { 0: estimate, index } of places) {
        const place = start + index
        const tampered = `${text.slice(0, place)}${changed(estimate)}${text.slice(place + estimate.length)}`
        await expect(attempt(tampered)).rejects.toThrow('SHA-256')
      }
      // Everywhere, with the hash as well: then the model does not give what it gave when it was trained.
      const everywhere = places.reduce((all, [estimate]) => all.replaceAll(estimate, changed(estimate)), text)
      const [, , other = ''] = /_statements text := (\$\w+\$)\n([\s\S]*?)\n\1;/.exec(everywhere) ?? []
      await expect(attempt(everywhere.replaceAll(hash(body), hash(other)))).rejects.toThrow('self-test of model')
      expect(await everything(store.db)).toEqual(before)
      await store.db.execute(text)
      const there = await everything(store.db)
      expect(Object.keys(there).length).toBeGreaterThan(Object.keys(before).length)
      await store.db.execute(text)
      expect(await everything(store.db)).toEqual(there)
    })
  })

  test('of a table that is exchanged puts the old one back, with its rows', async () => {
    const def = (refresh: 'full' | 'partition') => p.deployment('exchanged', { model, as: 'table', refresh, at })
    await deployed(def('full'))
    const before = await everything(store.db)
    const { up, down } = await written(def('partition'))
    await store.db.execute(up)
    expect(await store.db.rows('SELECT count(*)::int AS n FROM exchanged')).toEqual([{ n: 0 }])
    await store.db.execute(down)
    expect(await everything(store.db)).toEqual(before)
    expect(await store.db.rows('SELECT count(*)::int AS n FROM exchanged')).toEqual([{ n: 200 }])
  })

  test('does not take away what others depend on by then', async () => {
    const { up, down } = await written(p.deployment('depended_on', { model }))
    await store.db.execute(up)
    await store.db.execute('CREATE VIEW theirs AS SELECT * FROM depended_on')
    await expect(attempt(down)).rejects.toThrow(/depend/)
    expect(await store.db.rows('SELECT count(*)::int AS n FROM theirs')).toEqual([{ n: 200 }])
  })

  test('is not ended by a name with a line break in the comment it begins with', async () => {
    for (const end of ['\r', '\n', '\r\n']) {
      const def = p.deployment(`broken${end}SELECT 1 / 0; --`, { model })
      const { up, down } = await written(def)
      const before = await everything(store.db)
      await attempt(up)
      await attempt(down)
      expect(await everything(store.db)).toEqual(before)
      await attempt(await deploymentArtefact(store, (await change(def)).only, { def, record, environment: `a${end}b` }))
      await attempt(down)
      expect(await everything(store.db)).toEqual(before)
    }
  })

  test('gives back who owns it, who reads it and what is said of it, and nothing that somebody took away', async () => {
    const [second, third, owner] = ['second', 'third', 'owns'].map((name) => `${reader} ${name}`) as [
      string,
      string,
      string,
    ]
    await store.db.execute(
      [second, third, owner].map((r) => `DROP ROLE IF EXISTS "${r}"; CREATE ROLE "${r}"`).join(';'),
    )
    await store.db.execute(`GRANT USAGE, CREATE ON SCHEMA public TO "${owner}"`)
    await deployed(p.deployment('whose', { model, readers: [reader, second] }))
    await store.db.execute(`REVOKE SELECT ON whose FROM "${second}"; COMMENT ON VIEW whose IS NULL`)
    const before = await everything(store.db)
    const { up, down } = await written(p.deployment('whose', { model, readers: [reader, third], owner }))
    await store.db.execute(up)
    const [now] = await store.db.rows(
      `SELECT relowner::regrole::text AS owner, obj_description(oid) IS NOT NULL AS said, has_table_privilege('${reader}', oid, 'SELECT') AS first,
              has_table_privilege('${third}', oid, 'SELECT') AS third FROM pg_class WHERE oid = 'whose'::regclass`,
    )
    expect(now).toEqual({ owner: `"${owner}"`, said: true, first: true, third: true })
    await store.db.execute(down)
    expect(await everything(store.db)).toEqual(before)
  })

  test('is not written of what cannot be applied, and looks for no name among temporary objects first', async () => {
    const { up } = await written(p.deployment('looked up', { model }))
    expect(up).toMatch(/^SET LOCAL search_path = (?!pg_temp).*, pg_temp;$/m)
    await store.db.execute('CREATE TABLE taken (a int)')
    expect(await codesOf(() => written(p.deployment('taken', { model })))).toEqual(['deploy/conflict'])
    const { only } = await change(p.deployment('a/b', { model }))
    const names = (await deploymentMigration(store, only, { now: new Date(0) })).map((f) => f.name)
    expect(names).toEqual(['19700101000000_a_b.up.sql', '19700101000000_a_b.down.sql'])
  })

  test('is named and divided as the tool wants it', async () => {
    const { only } = await change(p.deployment('for tools', { model }))
    const names = await Promise.all(
      migrationStyles.map(async (style) => {
        const files = await deploymentMigration(store, only, { style, now: new Date('2026-01-02T03:04:05Z') })
        return [style, files.map((f) => [f.name, f.content.split('\n')[0]])]
      }),
    )
    const about = '-- Written by viewcast: view for tools, replies version 1.'
    expect(Object.fromEntries(names)).toEqual({
      pair: [
        ['20260102030405_for_tools.up.sql', about],
        ['20260102030405_for_tools.down.sql', about],
      ],
      dbmate: [['20260102030405_for_tools.sql', '-- migrate:up']],
      'node-pg-migrate': [['20260102030405_for_tools.sql', '-- Up Migration']],
      flyway: [
        ['V20260102030405__for_tools.sql', about],
        ['U20260102030405__for_tools.sql', about],
      ],
    })
  })
})

const changed = (n: string): string => n.replace(/\d$/, (d) => String((Number(d) + 5) % 10)).replace(/(\.\d)/, '$17')

/** Privileges one by one: no list says the same as the list of the defaults. */
const acl = (list: string, kind: string, owner: string): string =>
  `(SELECT jsonb_agg(e::text ORDER BY e::text) FROM unnest(coalesce(${list}, acldefault(${kind}, ${owner}))) AS e)`

/** What a dump would say of every object outside the store, by name. */
async function everything(db: Database): Promise<Record<string, unknown>> {
  const rows = await db.rows<{ name: string; what: unknown }>(
    `SELECT n.nspname || '.' || c.relname AS name, jsonb_build_array(c.relkind, ${acl('c.relacl', "'r'", 'c.relowner')}, c.relowner::regrole::text, c.reloptions,
       obj_description(c.oid, 'pg_class'), CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END,
       (SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl::text) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT jsonb_agg(pg_get_constraintdef(k.oid) ORDER BY k.conname) FROM pg_constraint k WHERE k.conrelid = c.oid)) AS what
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(viewcast|pg_.*|information_schema)$'
     UNION ALL
     SELECT n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       jsonb_build_array(pg_get_functiondef(p.oid), ${acl('p.proacl', "'f'", 'p.proowner')}, obj_description(p.oid, 'pg_proc'))
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^(viewcast|pg_.*|information_schema)$' AND p.prokind = 'f'
     UNION ALL
     SELECT 'schema ' || nspname, jsonb_build_array(nspacl::text) FROM pg_namespace WHERE nspname !~ '^pg_'`,
  )
  return Object.fromEntries(rows.map((r) => [r.name, r.what]))
}
