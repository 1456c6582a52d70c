import type { CatalogRelation } from '@viewcast/compiler'
import { findRelation } from '@viewcast/compiler'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const schema = `
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE DOMAIN score AS float8 CHECK (VALUE >= 0);
  CREATE DOMAIN good_score AS score CHECK (VALUE > 5);
  CREATE TABLE people (
    id int8 PRIMARY KEY, name varchar(20) NOT NULL, mood mood, score good_score, tags text[], gone int,
    born date, price numeric(10, 2) NOT NULL DEFAULT 0);
  ALTER TABLE people DROP COLUMN gone;
  COMMENT ON TABLE people IS 'everyone; even "quoted"';
  COMMENT ON COLUMN people.born IS 'local calendar';
  CREATE INDEX people_name ON people (name, born DESC) INCLUDE (score);
  CREATE UNIQUE INDEX people_lower ON people (born, lower(name), id);
  CREATE INDEX people_expression ON people ((id + 1));
  CREATE INDEX people_glad ON people (mood) WHERE mood = 'glad';
  CREATE INDEX people_hash ON people USING hash (name);
  CREATE VIEW adults AS SELECT id, name, mood FROM people WHERE born < date '2000-01-01';
  COMMENT ON VIEW adults IS 'grown up';
  CREATE VIEW glad_adults AS SELECT a.*, p.score FROM adults a JOIN people p USING (id) WHERE a.mood = 'glad';
  CREATE MATERIALIZED VIEW counts AS SELECT mood, count(*) AS n FROM glad_adults GROUP BY mood;
  CREATE UNIQUE INDEX counts_mood ON counts (mood);
  CREATE TABLE events (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
  CREATE TABLE events_2001 PARTITION OF events FOR VALUES FROM ('2001-01-01') TO ('2002-01-01');
  CREATE INDEX events_at ON events (at);
  CREATE SCHEMA "Räume";
  CREATE TABLE "Räume"."Select" ("from" int, "größe ""x""" float4, "Group.By" text);
  CREATE VIEW "Räume"."комната" AS SELECT "from", "größe ""x""" AS "größe" FROM "Räume"."Select";
  CREATE SCHEMA other;
  CREATE TABLE other.people (id int);
  CREATE TEMP TABLE passing (a int);
  INSERT INTO people (id, name) SELECT i, i::text FROM generate_series(1, 100) AS g (i);
  ANALYZE people`

describeEachEngine('introspection', (engine) => {
  let relations: readonly CatalogRelation[] = []
  const find = (name: string, schemaName = 'public') =>
    relations.find((r) => r.name === name && r.schema === schemaName) ?? expect.fail(`no ${name}`)

  beforeAll(async () => {
    await engine.db.execute(schema)
    relations = (await engine.db.introspect()).relations
  })

  test('lists tables, views, materialised views and partitioned parents, not their parts', () => {
    expect(relations.map((r) => `${r.kind} ${r.schema}.${r.name}`).sort()).toEqual([
      'materialized public.counts',
      'table Räume.Select',
      'table other.people',
      'table public.events',
      'table public.people',
      'view Räume.комната',
      'view public.adults',
      'view public.glad_adults',
    ])
  })

  test('says where names are looked for, and on which server', async () => {
    const catalog = await engine.db.introspect()
    expect(catalog.searchPath).toEqual(['public'])
    expect(catalog.serverVersion).toBeGreaterThanOrEqual(15)
    expect(findRelation(catalog, 'people')?.schema).toBe('public')
  })

  test('columns in order, with types by internal name, domains by what they stand on', () => {
    expect(find('people').columns).toEqual([
      { name: 'id', type: 'int8', nullable: false },
      { name: 'name', type: 'varchar', nullable: false },
      { name: 'mood', type: 'mood', nullable: true, isEnum: true },
      { name: 'score', type: 'float8', nullable: true },
      { name: 'tags', type: '_text', nullable: true },
      { name: 'born', type: 'date', nullable: true, description: 'local calendar' },
      { name: 'price', type: 'numeric', nullable: false },
    ])
    expect(find('glad_adults').columns).toEqual([
      { name: 'id', type: 'int8', nullable: true },
      { name: 'name', type: 'varchar', nullable: true },
      { name: 'mood', type: 'mood', nullable: true, isEnum: true },
      { name: 'score', type: 'float8', nullable: true },
    ])
    expect(find('Select', 'Räume').columns.map((c) => c.name)).toEqual(['from', 'größe "x"', 'Group.By'])
  })

  test('comments and row estimates', () => {
    expect(find('people')).toMatchObject({ comment: 'everyone; even "quoted"', estimatedRows: 100 })
    expect(find('adults').comment).toBe('grown up')
    expect(find('people').statistics?.['id']).toEqual({ distinct: 100 })
    expect('statistics' in find('events')).toBe(false)
    expect('estimatedRows' in find('adults')).toBe(false)
    expect('estimatedRows' in find('Select', 'Räume')).toBe(false)
    expect('comment' in find('events')).toBe(false)
  })

  test('indexes by their leading plain columns; only those that give an order', () => {
    expect(find('people').indexes).toEqual([
      { name: 'people_expression', columns: [], unique: false, total: true },
      { name: 'people_glad', columns: ['mood'], unique: false, total: false },
      // Unique with its expression, which says nothing of the column alone.
      { name: 'people_lower', columns: ['born'], unique: false, total: true },
      { name: 'people_name', columns: ['name', 'born'], unique: false, total: true },
      { name: 'people_pkey', columns: ['id'], unique: true, total: true },
    ])
    expect(find('counts').indexes).toEqual([{ name: 'counts_mood', columns: ['mood'], unique: true, total: true }])
    expect(find('events').indexes.map((i) => i.columns)).toEqual([['at']])
  })

  test('definitions run as they are with an empty search path', async () => {
    for (const view of relations.filter((r) => r.definition !== undefined)) {
      expect(view.definition).not.toMatch(/;\s*$/)
      await engine.db.transaction(async (tx) => {
        await tx.execute("SET LOCAL search_path = ''")
        const columns = await tx.describe(view.definition ?? '')
        expect(columns).toEqual(view.columns.map(({ description: _, ...c }) => c))
      })
    }
    expect(find('glad_adults').definition).toContain('public.adults')
    expect(find('комната', 'Räume').definition).toContain('"Räume"."Select"')
    expect('definition' in find('people')).toBe(false)
  })

  test('leaves the search path as it was, in a transaction too', async () => {
    const path = () => engine.db.rows("SELECT current_setting('search_path') AS p")
    const before = await path()
    await engine.db.introspect()
    expect(await path()).toEqual(before)
    await engine.db.transaction(async (tx) => {
      await tx.execute('SET LOCAL search_path = other; CREATE TABLE other.new_here (a int)')
      const catalog = await tx.introspect()
      expect(catalog.searchPath).toEqual(['other'])
      expect(catalog.relations.map((r) => r.name)).toContain('new_here')
      expect(await tx.rows("SELECT current_setting('search_path') AS p")).toEqual([{ p: 'other' }])
    })
  })

  test('a constraint that tables below need not have is none of the whole', async () => {
    const db = await engine.open()
    const { serverVersion } = await db.introspect()
    await db.execute(
      serverVersion >= 18
        ? `CREATE TABLE top (a int NOT NULL, b int, CONSTRAINT own NOT NULL b NO INHERIT);
           CREATE TABLE middle () INHERITS (top); CREATE TABLE low () INHERITS (middle)`
        : `CREATE TABLE top (a int NOT NULL, b int NOT NULL);
           CREATE TABLE middle () INHERITS (top); CREATE TABLE low () INHERITS (middle);
           ALTER TABLE low ALTER b DROP NOT NULL`,
    )
    await db.execute('INSERT INTO low VALUES (1, NULL)')
    const top = findRelation(await db.introspect(), 'top')
    expect(await db.rows('SELECT count(*) FILTER (WHERE b IS NULL)::int AS n FROM top')).toEqual([{ n: 1 }])
    expect(top?.columns.map((c) => [c.name, c.nullable])).toEqual([
      ['a', false],
      ['b', true],
    ])
  })

  test('a view too deep to print does not hide the others', async () => {
    const db = await engine.open()
    await db.execute('CREATE TABLE t (a int); CREATE VIEW shallow AS SELECT a FROM t')
    const deep = (n: number) => `CREATE VIEW deep_${n} AS SELECT ${'a+'.repeat(n)}1 AS s FROM t`
    // The deepest the engine takes; printing needs more stack than making.
    for (const n of [500, 1000, 2000, 3000, 4000, 6000]) await db.execute(deep(n)).catch(() => undefined)
    const views = (await db.introspect()).relations.filter((r) => r.kind === 'view')
    expect(views.find((v) => v.name === 'shallow')?.definition).toContain('FROM public.t')
    for (const view of views) expect(view.columns).toHaveLength(1)
  })

  test('reads a thousand relations in a handful of statements', async () => {
    const db = await engine.open()
    const tables = Array.from({ length: 500 }, (_, i) => {
      const columns = Array.from({ length: 10 }, (_c, c) => `c${c} float8`).join(', ')
      return `CREATE TABLE t${i} (id int PRIMARY KEY, ${columns}); CREATE VIEW v${i} AS SELECT * FROM t${i} WHERE c0 > 0;`
    })
    await db.execute(tables.join('\n'))
    const { relations: found } = await db.introspect()
    expect(found).toHaveLength(1000)
    expect(found.every((r) => r.columns.length === 11)).toBe(true)
    expect(found.filter((r) => r.definition !== undefined)).toHaveLength(500)
  })
})
