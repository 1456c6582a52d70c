import type { Database } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

async function* batches(...rows: (readonly (readonly unknown[])[])[]) {
  yield* rows
}

/** `count` rows of (i, text), a thousand at a time; the row numbered `bad` holds what no int column takes. */
async function* numbered(count: number, bad = -1) {
  for (let from = 0; from < count; from += 1000) {
    yield Array.from({ length: Math.min(1000, count - from) }, (_, k) => {
      const i = from + k
      return [i === bad ? 'secret-value' : i, 'x'.repeat(60)]
    })
  }
}

const nasty = [
  'tab\there',
  'back\\slash',
  '\\N',
  '\\.',
  'line\nfeed',
  'carriage\r\nreturn',
  '"quotes" and \'these\'',
  'trailing backslash \\',
  'комета \u{1f600} é',
  'a,b;c|d',
  ' spaces ',
  '\b\f\v',
  '',
  null,
]

describeEachEngine('copyIn', (engine) => {
  const fresh = () => engine.db.execute('DROP TABLE IF EXISTS loaded; CREATE TABLE loaded (i int, t text)')
  const size = async (db: Database = engine.db) =>
    (await db.rows<{ n: number }>('SELECT count(*)::int AS n FROM loaded'))[0]?.n

  test('keeps any text, and tells NULL from the empty string', async () => {
    await fresh()
    const rows = nasty.map((t, i) => [i, t])
    expect(await engine.db.copyIn('loaded', ['i', 't'], batches(rows))).toBe(nasty.length)
    expect((await engine.db.query('SELECT t FROM loaded ORDER BY i')).rows.map(([t]) => t)).toEqual(nasty)
  })

  test('takes every kind of value, and leaves other columns to their defaults', async () => {
    await engine.db.execute(
      'CREATE TABLE kinds (b bool, i8 int8, f float8, n numeric, at timestamptz, d timestamp, y bytea, t text, z int DEFAULT 7)',
    )
    const at = new Date('2001-02-03T04:05:06.789Z')
    const columns = ['b', 'i8', 'f', 'n', 'at', 'd', 'y', 't']
    await engine.db.copyIn(
      'kinds',
      columns,
      batches([
        [true, 2n ** 62n, Number.NaN, '1.50', at, at, new Uint8Array([0, 92, 255]), undefined],
        [false, '-1', Number.NEGATIVE_INFINITY, 0.1, null, null, null, 'x'],
        [null, 3, -0, 1e21, null, null, null, 'y'],
      ]),
    )
    expect((await engine.db.query('SELECT * FROM kinds')).rows).toEqual([
      [
        true,
        '4611686018427387904',
        Number.NaN,
        '1.50',
        '2001-02-03 04:05:06.789+00',
        '2001-02-03 04:05:06.789',
        new Uint8Array([0, 92, 255]),
        null,
        7,
      ],
      [false, '-1', Number.NEGATIVE_INFINITY, '0.1', null, null, null, 'x', 7],
      [null, '3', -0, '1000000000000000000000', null, null, null, 'y', 7],
    ])
  })

  test('loads many rows, reports progress and leaves statistics', async () => {
    await fresh()
    const progress: number[] = []
    const rows = await engine.db.copyIn('loaded', ['i', 't'], numbered(100_000), {
      onProgress: (n) => progress.push(n),
    })
    expect(rows).toBe(100_000)
    expect(await size()).toBe(100_000)
    expect(progress.at(-1)).toBe(100_000)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    const table = (await engine.db.introspect()).relations.find((r) => r.name === 'loaded')
    expect(table?.estimatedRows).toBe(100_000)
  })

  test('of nothing loads nothing', async () => {
    await fresh()
    expect(await engine.db.copyIn('loaded', ['i', 't'], batches())).toBe(0)
    expect(await engine.db.copyIn('loaded', ['i', 't'], batches([]))).toBe(0)
  })

  test('failing in the middle leaves nothing, names row and column, and no value', async () => {
    await fresh()
    const error = await engine.db.copyIn('loaded', ['i', 't'], numbered(60_000, 50_123)).catch((e: Error) => e)
    expect(String(error)).toContain('engine/load')
    expect(String(error)).toContain('row 50124, column i')
    expect(String(error)).not.toContain('secret-value')
    expect(await size()).toBe(0)
  })

  test('passes an error of the source on, and leaves nothing', async () => {
    await fresh()
    async function* broken() {
      yield* numbered(30_000)
      throw new Error('the file ends here')
    }
    await expect(engine.db.copyIn('loaded', ['i', 't'], broken())).rejects.toThrow('the file ends here')
    expect(await size()).toBe(0)
  })

  test('interrupted leaves nothing, even when its source hangs', async () => {
    await fresh()
    const controller = new AbortController()
    async function* hanging() {
      yield* numbered(40_000)
      setTimeout(() => controller.abort(), 50)
      await new Promise(() => undefined)
    }
    await expect(engine.db.copyIn('loaded', ['i', 't'], hanging(), { signal: controller.signal })).rejects.toThrow(
      'engine/interrupted',
    )
    expect(await size()).toBe(0)
    expect(await engine.db.copyIn('loaded', ['i', 't'], numbered(10))).toBe(10)
  })

  test('unknown tables and columns are named', async () => {
    await fresh()
    await expect(engine.db.copyIn('nowhere', ['i'], numbered(1))).rejects.toThrow('"nowhere"')
    await expect(engine.db.copyIn('loaded', ['colour'], numbered(1))).rejects.toThrow('"colour"')
  })

  test('finds tables by schema and by names that need quotes', async () => {
    await engine.db.execute('CREATE SCHEMA "Räume"; CREATE TABLE "Räume"."Order.Table" ("Group" int)')
    expect(await engine.db.copyIn('Räume."Order.Table"', ['Group'], batches([[1], [2]]))).toBe(2)
    expect(await engine.db.rows('SELECT "Group" AS g FROM "Räume"."Order.Table"')).toEqual([{ g: 1 }, { g: 2 }])
  })

  test('loads what a query on the same database gives', async () => {
    await fresh()
    const source = "SELECT i, repeat('x', 90) FROM generate_series(1, 30000) AS g (i)"
    expect(await engine.db.copyIn('loaded', ['i', 't'], engine.db.stream(source))).toBe(30_000)
    await engine.db.transaction(async (tx) => {
      expect(await tx.copyIn('loaded', ['i', 't'], tx.stream(source))).toBe(30_000)
    })
    expect(await size()).toBe(60_000)
  })

  test('inside a transaction can fail alone', async () => {
    await fresh()
    await engine.db.transaction(async (tx) => {
      await tx.copyIn('loaded', ['i', 't'], numbered(10))
      await expect(tx.copyIn('loaded', ['i', 't'], numbered(30_000, 29_999))).rejects.toThrow('engine/load')
      expect(await size(tx)).toBe(10)
    })
    expect(await size()).toBe(10)
  })
})
