/** What somebody gave an object is what the one in its place has. */
import { carry, type Database } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

describeEachEngine('carry', (engine) => {
  /** Roles are the server's, so that each run has its own. */
  const role = (name: string) => `${name} ${process.pid} ${engine.name}`
  const q = (name: string) => `"${role(name)}"`
  const roles = ['owner', 'reader', 'writer', 'by default'].map(role)

  async function prepared(): Promise<Database> {
    const db = await engine.open()
    for (const name of roles) {
      await db.execute(
        `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') THEN CREATE ROLE "${name}"; END IF; END $$`,
      )
    }
    await db.execute(`CREATE SCHEMA old; CREATE SCHEMA new; GRANT CREATE, USAGE ON SCHEMA old, new TO ${q('owner')};
      CREATE TABLE old.t (id int, v text);
      CREATE FUNCTION old.take() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`)
    return db
  }
  const oidOf = async (db: Database, name: string) =>
    (await db.rows<{ oid: string }>(`SELECT '${name}'::regclass::oid::text AS oid`))[0]?.oid ?? ''
  const aclOf = async (db: Database, name: string) =>
    (
      await db.rows<{ acl: string }>(
        `SELECT e.grantee::regrole::text || ' ' || e.privilege_type || ' ' || e.is_grantable AS acl
         FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) e WHERE c.oid = '${name}'::regclass ORDER BY 1`,
      )
    ).map((r) => r.acl)
  const run = async (db: Database, statements: readonly string[]) => {
    for (const sql of statements) await db.execute(sql)
  }
  const ours = 'viewcast: model m version 2'

  test('a view: owner, grants of it and of columns, comments, options, defaults, triggers', async () => {
    const db = await prepared()
    await db.execute(`
      CREATE VIEW old."V ON old.x" WITH (security_barrier = true) AS SELECT id, v, 1 AS "Gone" FROM old.t;
      ALTER VIEW old."V ON old.x" OWNER TO ${q('owner')};
      GRANT SELECT ON old."V ON old.x" TO ${q('reader')} WITH GRANT OPTION;
      GRANT INSERT ON old."V ON old.x" TO ${q('writer')}, PUBLIC;
      GRANT UPDATE (v), SELECT (id), SELECT ("Gone") ON old."V ON old.x" TO ${q('writer')};
      REVOKE TRUNCATE ON old."V ON old.x" FROM ${q('owner')};
      COMMENT ON VIEW old."V ON old.x" IS E'viewcast: model m version 1\\n\\nIt''s the CRM''s';
      COMMENT ON COLUMN old."V ON old.x".v IS 'a\\b ''c''';
      ALTER VIEW old."V ON old.x" ALTER COLUMN v SET DEFAULT 'none';
      CREATE TRIGGER "on ON old.t" INSTEAD OF INSERT ON old."V ON old.x" FOR EACH ROW EXECUTE FUNCTION old.take();
      CREATE RULE aside AS ON DELETE TO old."V ON old.x" DO INSTEAD NOTHING;
      ALTER DEFAULT PRIVILEGES IN SCHEMA new GRANT SELECT ON TABLES TO ${q('by default')};
      CREATE VIEW new."V é\\1" WITH (security_invoker = true) AS SELECT v, id FROM old.t;`)
    expect(await aclOf(db, 'new."V é\\1"')).toContainEqual(`${q('by default')} SELECT false`)
    const { statements, left } = await carry(db, await oidOf(db, 'old."V ON old.x"'), {
      kind: 'view',
      name: 'new."V é\\1"',
      schema: 'new',
      columns: ['v', 'id'],
      comment: ours,
    })
    await run(db, statements)
    expect(await aclOf(db, 'new."V é\\1"')).toEqual(await aclOf(db, 'old."V ON old.x"'))
    const [now] = await db.rows(
      `SELECT pg_get_userbyid(c.relowner)::text AS owner, obj_description(c.oid) AS said, col_description(c.oid, 1) AS v, to_jsonb(c.reloptions) AS options,
              (SELECT jsonb_agg(a.attname || ' ' || e.privilege_type || ' ' || pg_get_userbyid(e.grantee) ORDER BY a.attnum)
               FROM pg_attribute a, aclexplode(a.attacl) e WHERE a.attrelid = c.oid) AS columns,
              (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = c.oid AND adnum = 1) AS default,
              (SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = c.oid) AS trigger
       FROM pg_class c WHERE c.oid = 'new."V é\\1"'::regclass`,
    )
    expect(now).toEqual({
      owner: role('owner'),
      said: `${ours}\n\nIt's the CRM's`,
      v: `a\\b 'c'`,
      options: ['security_invoker=true', 'security_barrier=true'],
      columns: [`v UPDATE ${role('writer')}`, `id SELECT ${role('writer')}`],
      default: `'none'::text`,
      trigger: `CREATE TRIGGER "on ON old.t" INSTEAD OF INSERT ON new."V é\\1" FOR EACH ROW EXECUTE FUNCTION old.take()`,
    })
    expect(left).toEqual(['rule aside on view old."V ON old.x"'])
  })

  test('a view: what may be passed on, not with whose privileges it reads, and no defaults of other schemas and roles', async () => {
    const db = await prepared()
    await db.execute(`
      CREATE VIEW old.w WITH (security_invoker = false, security_barrier = true) AS SELECT id, v FROM old.t;
      GRANT SELECT (v) ON old.w TO ${q('reader')} WITH GRANT OPTION;
      ALTER DEFAULT PRIVILEGES IN SCHEMA old GRANT SELECT ON TABLES TO ${q('by default')};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${q('owner')} GRANT SELECT ON TABLES TO ${q('by default')}`)
    const heir = { kind: 'view', name: 'new.w', schema: 'new', columns: ['id', 'v'], comment: ours } as const
    expect(await carry(db, await oidOf(db, 'old.w'), heir)).toEqual({
      statements: [
        `GRANT SELECT (v) ON TABLE new.w TO ${q('reader')} WITH GRANT OPTION`,
        `ALTER VIEW new.w SET (security_barrier = 'true')`,
      ],
      left: [],
    })
  })

  test('a view nobody gave anything needs nothing', async () => {
    const db = await prepared()
    await db.execute('CREATE VIEW old.plain AS SELECT id FROM old.t')
    const heir = { kind: 'view', name: 'new.plain', schema: 'new', columns: ['id'], comment: ours } as const
    expect(await carry(db, await oidOf(db, 'old.plain'), heir)).toEqual({ statements: [], left: [] })
  })

  test('a table: policies, indexes whose columns are there, triggers and whether they fire', async () => {
    const db = await prepared()
    await db.execute(`
      CREATE TABLE old.kept (id int PRIMARY KEY, v text, "Gone" text);
      CREATE INDEX by_v ON old.kept (lower(v)) WHERE id > 0; CREATE INDEX by_gone ON old.kept ("Gone");
      CREATE POLICY mine ON old.kept AS RESTRICTIVE FOR SELECT TO ${q('reader')}, ${q('writer')} USING (v = current_user);
      CREATE POLICY every ON old.kept WITH CHECK (id > 0);
      ALTER TABLE old.kept ENABLE ROW LEVEL SECURITY; ALTER TABLE old.kept SET (fillfactor = 70);
      ALTER TABLE old.kept FORCE ROW LEVEL SECURITY;
      CREATE STATISTICS old.together ON id, v FROM old.kept; CREATE PUBLICATION told FOR TABLE old.kept;
      CREATE TABLE old.child (id int REFERENCES old.kept);
      CREATE TRIGGER watch BEFORE UPDATE OF v ON old.kept FOR EACH ROW EXECUTE FUNCTION old.take();
      ALTER TABLE old.kept DISABLE TRIGGER watch;
      CREATE TABLE new.kept (id int PRIMARY KEY, v text);`)
    const heir = { kind: 'table', name: 'new.kept', schema: 'new', columns: ['id', 'v'], comment: ours } as const
    const { statements, left } = await carry(db, await oidOf(db, 'old.kept'), heir)
    await run(db, statements)
    expect(left).toEqual(['publication of table old.kept in publication told', 'statistics object old.together'])
    const about = (name: string) =>
      db.rows(
        `SELECT c.relrowsecurity, c.relforcerowsecurity, c.reloptions, (SELECT jsonb_agg(indexname ORDER BY indexname) FROM pg_indexes WHERE format('%I.%I', schemaname, tablename) = $1) AS indexes,
           (SELECT jsonb_agg(to_jsonb(p) - 'schemaname' ORDER BY policyname) FROM pg_policies p WHERE format('%I.%I', schemaname, tablename) = $1) AS policies,
           (SELECT jsonb_agg(tgname || ' ' || tgenabled::text) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS triggers
         FROM pg_class c WHERE c.oid = $1::regclass`,
        [name],
      )
    const [before] = await about('old.kept')
    expect(await about('new.kept')).toEqual([{ ...before, indexes: ['by_v', 'kept_pkey'] }])
  })

  test('a function: nobody else may call it when nobody else might', async () => {
    const db = await prepared()
    await db.execute(`
      CREATE FUNCTION old.f(a int) RETURNS int LANGUAGE sql RETURN a; REVOKE ALL ON FUNCTION old.f FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION old.f TO ${q('reader')}; ALTER FUNCTION old.f OWNER TO ${q('owner')};
      COMMENT ON FUNCTION old.f IS 'Ask Ada';
      CREATE FUNCTION new.f(a text) RETURNS int LANGUAGE sql RETURN 1;`)
    const [at] = await db.rows<{ oid: string }>(`SELECT 'old.f'::regproc::oid::text AS oid`)
    const heir = { kind: 'function', name: 'new.f(text)', schema: 'new', columns: [], comment: ours } as const
    await run(db, (await carry(db, at?.oid ?? '', heir)).statements)
    const [now] = await db.rows(
      `SELECT pg_get_userbyid(proowner)::text AS owner, obj_description(oid) AS said,
              (SELECT jsonb_agg(coalesce(nullif(grantee::regrole::text, '-'), 'PUBLIC') ORDER BY grantee::regrole::text) FROM aclexplode(proacl)) AS may
       FROM pg_proc WHERE oid = 'new.f'::regproc`,
    )
    expect(now).toEqual({ owner: role('owner'), said: `${ours}\n\nAsk Ada`, may: [q('owner'), q('reader')] })
  })
})
