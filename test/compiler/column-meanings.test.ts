/**
 * Meanings of columns with the database as the judge: texts are changed a word at a time, and a column whose meaning is said to
 * be what it was must give what it gave.
 */
import { type Catalog, columnMeanings, type FeatureView, loadParser } from '@viewcast/compiler'
import type { Database } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { rows, setup, views } from './lineage-shapes.ts'

/** Word → words it may become, one place at a time. */
const edits: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\bmax\b/g, ['min', 'count']],
  [/\bmin\b/g, ['max']],
  [/\bsum\b/g, ['avg', 'max']],
  [/\bcount\(\*\)/g, ['count(*) FILTER (WHERE false)']],
  [/(?<![<>!|=])[<>](?![=>])/g, ['>=', '<=']],
  [/<>/g, ['=']],
  [/\b\d+\b/g, ['2', '7']],
  [/\bx\b/g, ['y', 'z', 'id']],
  [/\by\b/g, ['x', 'id']],
  [/\bz\b/g, ['x', 'id']],
  [/\bDESC\b/g, ['ASC']],
  [/\bORDER BY x\b/g, ['ORDER BY id']],
  [/\bLEFT JOIN\b/g, ['JOIN']],
  [/\bUNION ALL\b/g, ['UNION']],
  [/\bEXCEPT\b/g, ['INTERSECT']],
  [/\bFROM a\b/g, ['FROM (SELECT * FROM a WHERE id > 4) AS a', 'FROM b AS a']],
  [/\bFROM b\b/g, ['FROM (SELECT * FROM b WHERE id > 9) AS b', 'FROM a AS b']],
]

function mutants(text: string): string[] {
  const all = edits.flatMap(([word, others]) =>
    [...text.matchAll(word)].flatMap((m) =>
      others.map((o) => text.slice(0, m.index) + o + text.slice(m.index + m[0].length)),
    ),
  )
  return [...new Set(all)].filter((t) => t !== text)
}

describeEachEngine('what a column means', (engine) => {
  let catalog: Catalog
  beforeAll(async () => {
    await loadParser()
    await engine.db.execute(setup)
    await engine.db.execute(rows)
    catalog = await engine.db.introspect()
  })

  test('is never said to be the same where it gives other values', async () => {
    let [same, other] = [0, 0]
    const wrong: string[] = []
    for (const [name, text] of Object.entries(views)) {
      const before = await looked(engine.db, catalog, text)
      if (!before) continue
      for (const mutant of mutants(text)) {
        const after = await looked(engine.db, catalog, mutant)
        if (!after) continue
        for (const [column, { meaning, values }] of before) {
          const now = after.get(column)
          if (now?.meaning !== meaning) {
            other++
            continue
          }
          same++
          if (now.values !== values) wrong.push(`${name}.${column}: ${mutant}`)
        }
      }
    }
    expect(wrong).toEqual([])
    // Both answers are given often enough to be worth something.
    expect(same).toBeGreaterThan(80)
    expect(other).toBeGreaterThan(300)
  })
})

interface Looked {
  readonly meaning: string
  readonly values: string
}

/** Undefined for what the server refuses. */
async function looked(db: Database, catalog: Catalog, text: string): Promise<ReadonlyMap<string, Looked> | undefined> {
  try {
    const columns = await db.describe(text)
    if (new Set(columns.map((c) => c.name)).size < columns.length) return undefined
    const { rows: all } = await db.query(text)
    const entity = { kind: 'entity', name: 'none', keys: [] } as const
    const query = { kind: 'sql', text, origin: { kind: 'generated' } } as const
    const view: FeatureView = { kind: 'window', name: 'v', entity, features: {}, query }
    const meanings = columnMeanings(view, { catalog, columns: () => columns })
    return new Map(
      columns.map((c, i) => {
        const values = all.map((r) => JSON.stringify(r[i])).sort()
        return [c.name, { meaning: meanings.get(c.name) ?? '', values: values.join() }]
      }),
    )
  } catch {
    return undefined
  }
}
