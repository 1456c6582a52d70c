/** What is proven unique is unique: keys of queries put together from parts, asked of tables full of duplicates. */
import { describeQuery, loadParser, type StaticView, uniqueKeys } from '@viewcast/compiler'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const froms = [
  't',
  't LEFT JOIN u USING (k)',
  't JOIN u ON u.k = t.k',
  't JOIN u ON u.k = t.k OR u.k = t.v',
  't JOIN u ON u.w = t.v',
  't RIGHT JOIN u ON u.k = t.k',
  't LEFT JOIN (SELECT k, max(v) AS m FROM t GROUP BY k) AS x ON x.k = t.k',
  't LEFT JOIN (SELECT k, v AS m FROM t) AS x ON x.k = t.k',
  't JOIN (SELECT k, row_number() OVER (PARTITION BY k ORDER BY id) AS one FROM t) AS x ON x.k = t.k AND x.one = 1',
  't JOIN (SELECT k, row_number() OVER (PARTITION BY g ORDER BY id) AS one FROM t) AS x ON x.k = t.k AND x.one = 1',
  't CROSS JOIN u',
  't, u',
  't JOIN LATERAL (SELECT w FROM u WHERE u.k = t.k LIMIT 1) AS x ON true',
  't JOIN vk ON vk.kk = t.k',
  '(SELECT DISTINCT ON (k) * FROM t ORDER BY k, id) AS t',
  '(SELECT id AS v, k AS id, v AS k, g FROM t) AS t',
  't AS t (k, id, g, v)',
]
const selects = [
  (from: string) => `SELECT t.* FROM ${from}`,
  (from: string) => `SELECT t.k AS id, t.id AS k, t.g FROM ${from}`,
  (from: string) => `SELECT t.id, t.k, t.g, row_number() OVER (PARTITION BY t.k, t.g ORDER BY t.id) AS rn FROM ${from}`,
  (from: string) => `SELECT t.*, rank() OVER (PARTITION BY t.k ORDER BY t.v) AS rn FROM ${from}`,
  (from: string) => `SELECT DISTINCT ON (t.k) t.k, t.id, t.g FROM ${from} ORDER BY t.k, t.id`,
  (from: string) => `SELECT lower(t.g) AS g, t.k, count(*) AS id FROM ${from} GROUP BY lower(t.g), t.k`,
  (from: string) => `SELECT lower(t.g) AS g, min(t.k) AS k, max(t.id) AS id FROM ${from} GROUP BY t.g`,
  (from: string) => `SELECT t.k, t.g, count(*) AS id FROM ${from} GROUP BY GROUPING SETS ((t.k), (t.g))`,
  (from: string) => `SELECT t.id, t.k, t.g, unnest(ARRAY[1, 1]) AS n FROM ${from}`,
  (from: string) => `SELECT t.id, t.k, t.g FROM ${from} UNION ALL SELECT id, k, g FROM t`,
]
const wraps = [
  (sql: string) => sql,
  (sql: string) => `WITH q AS (${sql}), r AS (SELECT * FROM q) SELECT * FROM r`,
  (sql: string) => `WITH t AS (${sql}) SELECT t.*, u.w FROM t JOIN u ON u.k = t.k`,
  (sql: string) => `SELECT q.id, q.k FROM (${sql}) AS q`,
  (sql: string) => `SELECT k, q.g, min(q.id) AS id FROM (${sql}) AS q GROUP BY k, 2`,
  (sql: string) => `SELECT * FROM (${sql}) AS q${sql.includes(' AS rn ') ? ' WHERE rn = 1 AND g IS NOT NULL' : ''}`,
]

describeEachEngine('proofs of uniqueness', (engine) => {
  beforeAll(async () => {
    await loadParser()
    // Group names that differ by case only, values that repeat, keys of u that t also has as values.
    await engine.db.execute(`
      CREATE TABLE t (id int4 PRIMARY KEY, k int4, g text, v int4);
      CREATE TABLE u (k int4 PRIMARY KEY, w int4);
      CREATE VIEW vk AS SELECT k AS kk, max(v) AS m FROM t GROUP BY k;
      INSERT INTO t SELECT i, i % 4, (ARRAY['a', 'A', 'b'])[1 + i % 3], i % 5 FROM generate_series(1, 40) i;
      INSERT INTO u SELECT i, i % 2 FROM generate_series(0, 5) i`)
  })

  test('hold in the database', async () => {
    const catalog = await engine.db.introspect()
    const entity = { kind: 'entity', name: 'e', keys: [] } as const
    const queries = wraps.flatMap((wrap) => selects.flatMap((select) => froms.map((from) => wrap(select(from)))))
    const asked: { sql: string; keys: string; check: string }[] = []
    for (const text of queries) {
      const query = { kind: 'sql', text, origin: { kind: 'generated' } } as const
      const view: StaticView = { kind: 'static', name: 'v', entity, query, features: {} }
      for (const key of uniqueKeys(describeQuery(view, catalog).facts, ['id', 'k', 'g'], catalog)) {
        const keys = key.columns.join(', ')
        const known = key.columns.map((c) => `${c} IS NOT NULL`).join(' AND ')
        const check = `EXISTS (SELECT FROM (${text}) AS z WHERE ${known} GROUP BY ${keys} HAVING count(*) > 1)`
        asked.push({ sql: text, keys, check })
      }
    }
    expect(queries.length).toBe(1020)
    expect(asked.length).toBeGreaterThan(300)
    let refused = 0
    for (const { sql, keys, check } of asked) {
      const [row] = await engine.db.rows<{ repeated: boolean }>(`SELECT ${check} AS repeated`).catch((e: Error) => {
        // Some parts do not fit together; what the database refuses is no view.
        expect(e.message).toMatch(/does not exist|ambiguous|specified more than once|must appear in the GROUP BY/)
        refused++
        return [{ repeated: false }]
      })
      expect(row?.repeated, `${sql}\nis said to be unique on ${keys}`).toBe(false)
    }
    expect(asked.length - refused).toBeGreaterThan(300)
  })
})
