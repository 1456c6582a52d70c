/** Lineage against the data as the judge: where other values in a column move an output column, lineage must have said so. */
import { type Catalog, lineageOf, loadParser } from '@viewcast/compiler'
import type { Database } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { rows, setup, views } from './lineage-shapes.ts'

// Which rows are sampled depends on where they lie, which an update changes; json_each of an array is an error.
const left = new Set(['sampled', 'json_each_rows', 'inner_function_wins', 'json_rows'])

/** Other values: all of them, or of one row. */
const changes: Readonly<Record<string, readonly string[]>> = {
  int4: ['$ + 1', '-$', '$ * 3 % 7', 'CASE WHEN $ > 2 THEN $ - 2 ELSE $ END', 'NULL'],
  float8: ['$ + 1', '-$', 'NULL'],
  numeric: ['$ + 1.25', '-$', 'NULL'],
  text: ['chr(ascii($) + 1)', "$ || 'x'", "CASE WHEN $ > 'c' THEN 'c' ELSE $ END", 'NULL'],
  timestamptz: [
    "$ + interval '1 day' * extract(day FROM $)::int",
    "timestamptz '2020-01-01Z' - ($ - timestamptz '2024-01-01Z')",
    'NULL',
  ],
  jsonb: [`jsonb_build_object('p', 4)`],
}

describeEachEngine('other values in a column', (engine) => {
  let catalog: Catalog
  let measure = ''
  const outputs: { view: string; column: string }[] = []
  beforeAll(async () => {
    await loadParser()
    await engine.db.execute(setup)
    await engine.db.execute(rows)
    catalog = await engine.db.introspect()
    for (const r of catalog.relations)
      if (r.name in views && !left.has(r.name))
        for (const c of r.columns) outputs.push({ view: r.name, column: c.name })
    // The values of a column, whatever the order of the rows.
    const one = ({ view, column }: { view: string; column: string }): string =>
      `SELECT md5(coalesce(string_agg(coalesce(v."${column}"::text, 'NULL'), '|' ORDER BY v."${column}"::text), '')) AS seen FROM "${view}" AS v`
    measure = outputs.map((o, i) => `SELECT ${i} AS i, (${one(o)}) AS seen`).join('\nUNION ALL ')
  })

  const seen = async (db: Pick<Database, 'rows'>): Promise<string[]> => {
    const found = await db.rows<{ i: number; seen: string }>(`SELECT * FROM (${measure}) AS m ORDER BY i`)
    return found.map((f) => f.seen)
  }

  test('move only columns that are said to come from it', async () => {
    const sourcesOf = new Map<string, Set<string>>()
    for (const [view, sql] of Object.entries(views))
      for (const c of lineageOf(sql, { view, file: view }, catalog))
        sourcesOf.set(`${view}.${c.column}`, new Set(c.sources.map((s) => `${s.relation}.${s.column}`)))
    const before = await seen(engine.db)
    const astray = new Set<string>()
    const moved = new Set<string>()
    for (const table of catalog.relations.filter((r) => r.kind === 'table')) {
      for (const { name, type, nullable } of table.columns) {
        for (const change of changes[type] ?? []) {
          if (change === 'NULL' && !nullable) continue
          const after = await changed(engine.db, `${table.schema}.${table.name}`, name, change, seen)
          for (const [i, { view, column }] of outputs.entries()) {
            if (after[i] === before[i]) continue
            moved.add(`${view}.${column}`)
            const source = `${table.schema}.${table.name}.${name}`
            if (sourcesOf.get(`${view}.${column}`)?.has(source) !== true) astray.add(`${view}.${column} ← ${source}`)
          }
        }
      }
    }
    expect([...astray]).toEqual([])
    expect(moved.size).toBeGreaterThan(outputs.length * 0.8)
  })
})

async function changed(
  db: Database,
  table: string,
  column: string,
  change: string,
  seen: (db: Pick<Database, 'rows'>) => Promise<string[]>,
): Promise<string[]> {
  let after: string[] = []
  const undone = new Error('not to be kept')
  await db
    .transaction(async (tx) => {
      const drop = column === 'id' && table === 'public.a' ? 'ALTER TABLE a DROP CONSTRAINT a_pkey;' : ''
      await tx.execute(`${drop} UPDATE ${table} SET "${column}" = ${change.replaceAll('$', `"${column}"`)};
        REFRESH MATERIALIZED VIEW stored`)
      after = await seen(tx)
      throw undone
    })
    .catch((e: unknown) => {
      if (e !== undone) throw e
    })
  return after
}
