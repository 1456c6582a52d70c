/** Names and comments that would break a module, or each other, if they were not taken seriously. */
import { importViews, isFeatureView, resolveDefinition, showRows } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { importFolder, loadImported, removeFolder, sorted, typeErrors } from './imported.ts'

const long = 'a_view_whose_name_is_as_long_as_postgresql_lets_a_name_be_or_so'
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

describeEachEngine('importing views with odd names', (engine) => {
  const folder = importFolder()
  afterAll(() => removeFolder(folder))
  // Each by its own columns beside the key.
  const views: Readonly<Record<string, string>> = {
    class: '"__proto__"',
    'my-view': `"it's"`,
    my_view: '"say ""hi"""',
    myView: 'größe',
    'a.b': '"1st"',
    spine: '"back\\slash"',
    p: '"line\nbreak"',
    'it\'s "odd" */': 'n',
    thing: 'n',
    [long]: 'n',
    [`${long.slice(0, 60)}_2`]: 'n',
  }
  beforeAll(async () => {
    await engine.db.execute(`
      CREATE SCHEMA "Odd.one";
      CREATE TABLE things (thing_id int4 PRIMARY KEY, "__proto__" float8, "it's" int4, "say ""hi""" text, größe float8,
        "1st" bool, "back\\slash" int8, "line\nbreak" numeric, n int2);
      INSERT INTO things SELECT i, i, i, i::text, i, i % 2 = 0, i, i, i FROM generate_series(1, 7) i;
      COMMENT ON COLUMN things.größe IS $$it's "big" */
        // second line \\$$`)
    for (const [name, column] of Object.entries(views)) {
      await engine.db.execute(`CREATE VIEW "Odd.one".${quoted(name)} AS SELECT thing_id, ${column} FROM things`)
    }
  })

  test('the module loads, type-checks, and each declaration gives the rows of its view', async () => {
    const result = await importViews({ schema: 'Odd.one' }, { db: engine.db, directory: folder, project: 'odd' })
    expect(result.findings.map((d) => d.message)).toEqual(['view "spine_view": taken for the sample by its name'])
    expect(result.views).toHaveLength(Object.keys(views).length)
    // A view has the name already.
    expect(result.entities).toMatchObject([{ name: 'thing_entity', from: { name: 'things' } }])
    const project = await loadImported(result, folder)
    expect(typeErrors(folder)).toBe('')
    for (const view of result.views) {
      const definition = resolveDefinition(project, view.name)
      const relation = view.query.kind === 'relation' ? view.query.relation.name : ''
      const own = await engine.db.query(`SELECT * FROM "Odd.one".${quoted(relation)}`)
      const shown = await showRows(engine.db, definition, { limit: 100 })
      expect(shown.columns.map((c) => c.name)).toEqual(own.columns.map((c) => c.name))
      expect(own.rows).toHaveLength(7)
      expect(sorted(shown.rows), view.name).toEqual(sorted(own.rows))
      const column = own.columns[1]?.name ?? ''
      if (isFeatureView(definition)) expect(Object.keys(definition.features)).toEqual([column])
      else expect(view.name).toBe('spine_view')
    }
    // All views fit the sample; those that share a column get a prefix.
    const { features } = resolveDefinition(project, 'training', 'dataset')
    expect(features).toHaveLength(Object.keys(views).length - 1)
    expect(features.filter((f) => f.prefix !== undefined)).toHaveLength(3)
    const described = resolveDefinition(project, 'myView', 'static').features['größe']
    expect(described?.description).toBe('it\'s "big" */ // second line \\')
  })

  test('beside db.gen.ts tables are typed, and the list of an entity is one of them or an object', async () => {
    const typed = importFolder({ 'db.gen.ts': 'export interface DB {\n  other: { id: number }\n}\n' })
    const options = { db: engine.db, directory: typed, project: 'odd', types: './db.gen.ts' }
    const result = await importViews({ schema: 'Odd.one' }, options)
    await loadImported(result, typed)
    expect(result.module).toContain("import type { DB } from './db.gen.ts'")
    expect(typeErrors(typed)).toBe('')
    removeFolder(typed)
  })
})
