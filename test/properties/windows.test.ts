/** Every form of declared windows returns what the definition says, on generated events and questions. */
import {
  aggregateColumns,
  type Column,
  type Diagnostic,
  emptyCatalog,
  loadParser,
  quoteIdentifier,
  windowForm,
  windowSql,
} from '@viewcast/compiler'
import type { Database } from '@viewcast/sdk'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { type World, world } from './window-worlds.ts'

/** Rows as text, by question; a count of a question that joins nothing is 0. */
async function answers(db: Database, w: World, columns: readonly Column[], sql: string): Promise<unknown[][]> {
  const keys = w.keys.map(quoteIdentifier)
  const on = [...keys, 'as_of'].map((k) => `r.${k} = q.${k}`).join(' AND ')
  const list = columns.map((c) => {
    const own = `r.${quoteIdentifier(c.name)}`
    return c.nullable ? `${own}::text` : `coalesce(${own}, 0)::text`
  })
  const spine = `SELECT DISTINCT ${keys.join(', ')}, as_of FROM questions`
  const statement =
    `WITH spine AS (${spine}), r AS (${sql}) SELECT ${['q.id', ...list].join(', ')} ` +
    `FROM questions AS q LEFT JOIN r ON ${on} ORDER BY q.id`
  return [...(await db.query(statement)).rows] as unknown[][]
}

async function expected(db: Database, w: World, columns: readonly Column[]): Promise<unknown[][]> {
  const list = columns.map((c) => `(${w.reference[c.name]})::text`)
  const { rows } = await db.query(`SELECT ${['q.id', ...list].join(', ')} FROM questions AS q ORDER BY q.id`)
  return [...rows] as unknown[][]
}

function columnsOf(w: World): Column[] {
  const problems: Diagnostic[] = []
  const columns = aggregateColumns(w.view, w.source, problems)
  expect(problems).toEqual([])
  return columns
}

/** The forms a catalog with the index allows. */
function formsOf(w: World) {
  const columns = [...w.view.entity.keys.map((k) => w.view.spec.keys[k.name] ?? ''), w.view.spec.time]
  const indexes = [{ name: 'by_key', columns, unique: false, total: true }]
  const relations = [{ schema: 'public', name: 'events', kind: 'table' as const, columns: w.source, indexes }]
  const keyTypes = Object.fromEntries(w.view.entity.keys.map((k) => [k.name, k.type]))
  const asked = { keyTypes, questions: undefined, columns: [] }
  const catalog = { ...emptyCatalog, relations }
  return windowForm(w.view, { source: w.source, catalog, asked, purpose: 'training' }).possible
}

/** Sums of float8 depend on the order of the rows in their last digits, and so does what is made of them. */
const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  const [x, y] = [Number(a), Number(b)]
  if (a === null || b === null || Number.isNaN(x) || Number.isNaN(y)) return false
  return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))
}

async function holds(db: Database, w: World, seen: Map<string, number>): Promise<void> {
  for (const statement of w.tables) await db.execute(statement)
  const all = columnsOf(w)
  // Leaving columns out changes no other.
  for (const columns of [all, all.filter((_, i) => i % 2 === 1)]) {
    if (columns.length === 0) continue
    const want = await expected(db, w, columns)
    for (const form of formsOf(w)) {
      seen.set(form, (seen.get(form) ?? 0) + 1)
      const sql = windowSql(w.view, w.source, new Set(columns.map((c) => c.name)), form)
      const got = await answers(db, w, columns, sql)
      expect(got.length).toBe(want.length)
      for (const [i, row] of want.entries()) {
        for (const [j, value] of row.entries()) {
          if (same(got[i]?.[j], value)) {
            if (j > 0 && value !== null && value !== '0') seen.set('values', (seen.get('values') ?? 0) + 1)
            continue
          }
          throw new Error(`${form}, question ${i}, ${columns[j - 1]?.name}: ${got[i]?.[j]} and not ${value}\n${sql}`)
        }
      }
    }
  }
}

describeEachEngine('declared windows', (engine) => {
  beforeAll(() => loadParser())

  test.each([
    ['exact totals, which every form can represent', true],
    ['any aggregates, filters and ratios', false],
  ])('every form equals the definition: %s', async (_, totals) => {
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(world(totals), (w) => holds(engine.db, w, seen)),
      { numRuns: 80, seed: 20_012, endOnFailure: true },
    )
    expect(seen.get('values')).toBeGreaterThan(700)
    expect(seen.get('join')).toBeGreaterThan(70)
    expect(seen.get('lateral')).toBeGreaterThan(70)
    if (totals) expect(seen.get('running')).toBeGreaterThan(70)
  })
})
