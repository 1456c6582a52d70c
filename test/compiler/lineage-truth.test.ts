/** Lineage against the database as the judge: dropping a column breaks exactly the views that lineage says read it. */
import { type Catalog, columnsRead, lineageOf, loadParser, viewsReading } from '@viewcast/compiler'
import { type Database, isDatabaseError } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { setup, views } from './lineage-shapes.ts'

/** What the server says depends on a column, when it is asked to drop it. */
async function brokenBy(db: Database, table: string, column: string): Promise<string[]> {
  let said = ''
  await db
    .transaction(async (tx) => {
      await tx.execute(`ALTER TABLE ${table} DROP COLUMN "${column}"`)
      throw new Error('not to be kept')
    })
    .catch((e: unknown) => {
      if (isDatabaseError(e)) said = e.detail ?? ''
    })
  return [
    ...new Set([...said.matchAll(/^(?:materialized )?view "?([^"]+?)"? depends on/gm)].map((m) => m[1] ?? '')),
  ].sort()
}

describeEachEngine('lineage', (engine) => {
  let catalog: Catalog
  beforeAll(async () => {
    await loadParser()
    await engine.db.execute(setup)
    catalog = await engine.db.introspect()
  })
  const columns = () =>
    catalog.relations
      .filter((r) => r.kind === 'table')
      .flatMap((r) => r.columns.map((c) => ({ table: `${r.schema}.${r.name}`, column: c.name })))

  test('a dropped column breaks exactly the views that are said to read it', async () => {
    const broken: Record<string, string[]> = {}
    const said: Record<string, string[]> = {}
    for (const { table, column } of columns()) {
      broken[`${table}.${column}`] = await brokenBy(engine.db, table, column)
      said[`${table}.${column}`] = viewsReading(catalog, table, column)
        .map((v) => v.name)
        .sort()
    }
    expect(said).toEqual(broken)
    expect(Object.values(broken).flat().length).toBeGreaterThan(200)
  })

  test('the same from the text as it was written, before the server has put names to everything', async () => {
    const direct = await engine.db.rows<{ view: string; relation: string; column: string }>(`
      SELECT DISTINCT v.relname AS view, n.nspname || '.' || t.relname AS relation, att.attname AS column
        FROM pg_depend d
        JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_class v ON v.oid = r.ev_class
        JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND t.oid <> v.oid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_attribute att ON att.attrelid = t.oid AND att.attnum = d.refobjsubid AND att.attnum > 0
       WHERE v.relnamespace = 'public'::regnamespace`)
    const kept: Record<string, string[]> = {}
    const read: Record<string, string[]> = {}
    for (const [view, sql] of Object.entries(views)) {
      kept[view] = direct
        .filter((d) => d.view === view)
        .map((d) => `${d.relation}.${d.column}`)
        .sort()
      read[view] = columnsRead(sql, { view, file: view }, catalog)
        .map((r) => `${r.relation}.${r.column}`)
        .sort()
    }
    expect(read).toEqual(kept)
  })

  test('every output column of every view is traced, and to columns that are there', () => {
    const known = new Set(columns().map((c) => `${c.table}.${c.column}`))
    const named: Record<string, string[]> = {}
    const lost: string[] = []
    for (const [view, sql] of Object.entries(views)) {
      const traced = lineageOf(sql, { view, file: view }, catalog)
      named[view] = traced.map((t) => t.column)
      for (const t of traced) {
        const astray = t.sources.map((s) => `${s.relation}.${s.column}`).filter((s) => !known.has(s))
        if (t.unknown || astray.length > 0) lost.push(`${view}.${t.column} ${astray.join(', ')}`)
      }
    }
    expect(lost).toEqual([])
    const there = catalog.relations.filter((r) => r.name in views).map((r) => [r.name, r.columns.map((c) => c.name)])
    expect(named).toEqual(Object.fromEntries(there))
  })
})
