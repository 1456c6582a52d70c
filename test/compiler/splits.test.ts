/** Which part a row is in: all rows of a group in one, and no outcome of one part inside the next. */
import { createHash } from 'node:crypto'
import { type FoldKey, type SampleDef, type Split, type TargetDef, trainingQuery } from '@viewcast/compiler'
import { prepareDataset, project } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

type Row = Record<string, unknown>

const p = project<Record<string, never>>('splits')
const thing = p.entity('thing', { a: 'text', b: 'text' })

describeEachEngine('a split', (engine) => {
  const run = async (
    split: Split,
    text: string,
    more: { target?: TargetDef; entity?: SampleDef['entity'] } = {},
  ): Promise<{ rows: Row[]; sql: string; warnings: string[] }> => {
    const sample: SampleDef = {
      kind: 'sample',
      name: 's',
      entity: more.entity ?? thing,
      query: { kind: 'sql', text, origin: { kind: 'kysely' } },
      split,
    }
    const target = more.target ? { target: more.target } : {}
    const { dataset, facts } = await prepareDataset(engine.db, {
      kind: 'dataset',
      name: 'd',
      sample,
      features: [],
      ...target,
    })
    const query = trainingQuery(dataset, facts)
    return { rows: await engine.db.rows<Row>(query.sql), sql: query.sql, warnings: query.warnings.map((w) => w.code) }
  }

  describe('by hash', () => {
    const many =
      "select 'a' || g % 100 as a, 'b' || g % 7 as b, g as n, case when g % 11 > 0 then g % 11 end as c from generate_series(1, 2000) as g"
    const partsBy = (rows: Row[], ...columns: string[]) => {
      const parts = new Map<string, Set<unknown>>()
      for (const row of rows) {
        const group = JSON.stringify(columns.map((c) => row[c]))
        parts.set(group, (parts.get(group) ?? new Set()).add(row['_split']))
      }
      return parts
    }

    test('of the key puts all rows of an entity into one part, in the shares asked for', async () => {
      const { rows, sql: text } = await run(p.split.hash({ test: 0.3, validation: 0.2 }), many)
      const parts = partsBy(rows, 'a', 'b')
      expect(parts.size).toBe(700)
      expect([...parts.values()].every((s) => s.size === 1)).toBe(true)
      const share = (part: string) => rows.filter((r) => r['_split'] === part).length / rows.length
      expect(share('test')).toBeGreaterThan(0.25)
      expect(share('test')).toBeLessThan(0.35)
      expect(share('validation')).toBeGreaterThan(0.15)
      expect(share('validation')).toBeLessThan(0.25)
      expect(share('train')).toBeGreaterThan(0.45)
      expect(text).toContain('-- split     by a hash of a, b: validation 0.2, test 0.3')
    })

    test('of other columns puts all rows of a group into one part, NULL being a group', async () => {
      const { rows } = await run(p.split.group({ by: ['c'], test: 0.5 }), many)
      const parts = partsBy(rows, 'c')
      expect(parts.size).toBe(11)
      expect([...parts.values()].every((s) => s.size === 1)).toBe(true)
      expect(new Set(rows.map((r) => r['_split']))).toEqual(new Set(['train', 'test']))
    })

    test('another seed is another division; the validation part comes off the training part only', async () => {
      const parts = async (split: Split) => (await run(split, many)).rows.map((r) => r['_split'])
      const [one, other, three] = await Promise.all([
        parts(p.split.hash({ test: 0.5 })),
        parts(p.split.hash({ test: 0.5, seed: 'x' })),
        parts(p.split.hash({ test: 0.5, validation: 0.1 })),
      ])
      expect(one).not.toEqual(other)
      expect(three.map((part) => part === 'test')).toEqual(one.map((part) => part === 'test'))
    })

    test('is the md5 of the quoted key, so that no two keys are one text', async () => {
      const keys: (readonly [string | null, string | null])[] = [
        ['a', 'bc'],
        ['ab', 'c'],
        ["a','b", 'c'],
        ['a', "b','c"],
        ['a', null],
        [null, 'a'],
        ['a', 'NULL'],
        ['a\u001fb', 'c'],
        ['a\\', 'é€😀'],
        ['', ''],
        ['', null],
      ]
      const literal = (v: string | null) =>
        v === null
          ? 'NULL::text'
          : `E'${v.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\u001f', '\\x1f')}'`
      const text = `select a, b from (values ${keys.map(([a, b]) => `(${literal(a)}, ${literal(b)})`).join(', ')}) as v (a, b)`
      const quoted = (v: string | null) => {
        if (v === null) return 'NULL'
        const body = v.replaceAll("'", "''").replaceAll('\\', '\\\\')
        return v.includes('\\') ? `E'${body}'` : `'${body}'`
      }
      const sideOf = (seed: string, key: readonly (string | null)[], share: number) => {
        const digest = createHash('md5').update([seed, ...key].map(quoted).join(','))
        return digest.digest().readUInt32BE(0) < share * 2 ** 32 ? 'test' : 'train'
      }
      for (const share of [0.1, 0.37, 0.5, 0.8]) {
        const { rows } = await run(p.split.hash({ test: share, seed: "it's" }), text)
        expect(rows).toHaveLength(keys.length)
        for (const row of rows) {
          const key = [row['a'] as string | null, row['b'] as string | null]
          expect(row['_split'], JSON.stringify([key, share])).toBe(sideOf("it's", key, share))
        }
      }
    })

    test.each([
      ['numeric', "values ('1'::numeric), ('1.0'), ('1.000')"],
      ['float8', "values ('0'::float8), ('-0'), ('0.0')"],
      ['bpchar', "values ('a'::bpchar), ('a  ')"],
    ])('equal keys of type %s are on one side, however they are written', async (type, values) => {
      for (const seed of ['1', '2', '3', '4', '5']) {
        const { rows } = await run(p.split.hash({ test: 0.5, seed }), `select k from (${values}) as v (k)`, {
          entity: p.entity('e', { k: type }),
        })
        expect(new Set(rows.map((r) => r['_split'])).size).toBe(1)
      }
    })

    test.each([
      ['timestamptz', "timestamptz '2025-01-01 00:00Z' + g * interval '1 hour'"],
      ['timestamp', "timestamp '2025-01-01 00:00' + g * interval '1 hour'"],
      ['date', "date '2025-01-01' + g"],
      ['bytea', "decode(lpad(to_hex(g), 4, '0'), 'hex')"],
      ['bool', 'g % 2 = 0'],
      ['uuid', "lpad(to_hex(g), 32, '0')::uuid"],
      ['int2', 'g::int2'],
      ['int8', 'g::int8'],
      ['interval', "g * interval '1 hour'"],
    ])('keys of type %s keep their side whatever the settings of the session', async (type, value) => {
      const text = `select ${value} as k, g as n from generate_series(1, 60) as g`
      const compiled = (await run(p.split.hash({ test: 0.5 }), text, { entity: p.entity('e', { k: type }) })).sql
      const sides = (settings: string) =>
        engine.db.transaction(async (tx) => {
          await tx.execute(settings)
          return tx.rows(`SELECT n, _split FROM (${compiled}) AS q ORDER BY n`)
        })
      const [one, other] = [
        await sides("SET LOCAL TimeZone = 'UTC'"),
        await sides(
          "SET LOCAL TimeZone = 'Asia/Kolkata'; SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL bytea_output = 'escape'",
        ),
      ]
      expect(other).toEqual(one)
      expect(new Set(one.map((r) => (r as Row)['_split'])).size).toBe(2)
    })

    test('names a column the sample lacks', async () => {
      const codes = await codesOf(() => run(p.split.group({ by: ['carrier'], test: 0.5 }), many))
      expect(codes).toEqual(['view/unknown-column'])
    })

    test.each([
      ['a share of everything', () => p.split.hash({ test: 1 })],
      ['nothing left for training', () => p.split.hash({ test: 0.6, validation: 0.4 })],
      ['no column', () => p.split.group({ by: [] as never, test: 0.5 })],
      ['validation after test', () => p.split.time({ test: '2025-01-01T00:00Z', validation: '2025-01-01T00:00Z' })],
    ])('refuses %s', async (_, call) => expect(await codesOf(call)).toEqual(['define/option']))
  })

  describe('by time', () => {
    beforeAll(() =>
      engine.db.execute(`
        CREATE TABLE hours AS SELECT 'a' AS a, 'b' AS b, g::int4 AS n, timestamptz '2025-01-01 00:00Z' + (g - 100) * interval '1 hour' AS as_of
        FROM generate_series(0, 160) AS g;
        INSERT INTO hours VALUES ('a', 'b', 1000, NULL);
      `),
    )
    const all = 'select * from hours'
    const target = (horizon: '10 hours' | '30 minutes') =>
      p
        .target('t', { entity: thing, horizon })
        .query(() => sql<{ a: string; b: string; y: number }>`select a, b, max(n) as y from hours group by a, b`)
    /** Rows of each part; n is the hour, 100 the start of the test part. */
    const parts = ({ rows }: { rows: Row[] }, part: string | null) =>
      rows
        .filter((r) => r['_split'] === part)
        .map((r) => r['n'] as number)
        .sort((x, y) => x - y)
    const test100 = '2025-01-01T00:00Z'
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

    test.each([
      ['alone', {}, undefined, 99],
      ['with a gap', { gap: '5 hours' }, undefined, 94],
      // An outcome in [as_of, as_of + 10 h) of hour 90 ends where the test part starts.
      ['with a horizon', {}, '10 hours', 90],
      ['with a gap longer than the horizon', { gap: '20 hours' }, '10 hours', 79],
      ['with a gap shorter than the horizon', { gap: '5 hours' }, '10 hours', 90],
      ['with a horizon and purge: false', { gap: '5 hours', purge: false }, '10 hours', 94],
    ] as const)('%s, the training part ends at hour %4$i', async (_, options, horizon, last) => {
      const found = await run(
        p.split.time({ test: test100, ...options }),
        all,
        horizon ? { target: target(horizon) } : {},
      )
      expect(parts(found, 'test')).toEqual(range(100, 160))
      expect(parts(found, 'train')).toEqual(range(0, last))
      expect(parts(found, null)).toEqual([...range(last + 1, 99), 1000])
      const purges = horizon !== undefined && last === 90
      expect(found.sql.includes('10 hours purged, because')).toBe(purges)
      expect(found.warnings).toEqual('purge' in options ? ['time/horizon'] : [])
    })

    test('three parts, purged before each', async () => {
      const split = p.split.time({ test: test100, validation: '2024-12-30T20:00Z' })
      const found = await run(split, all, { target: target('10 hours') })
      expect(parts(found, 'train')).toEqual(range(0, 62))
      expect(parts(found, 'validation')).toEqual(range(72, 90))
      expect(parts(found, 'test')).toEqual(range(100, 160))
    })

    test('a validation part shorter than the gap leaves it empty, and no training row reaches into the test part', async () => {
      const split = p.split.time({ test: test100, validation: '2024-12-31T20:00Z', gap: '10 hours' })
      const found = await run(split, all)
      expect(parts(found, 'train')).toEqual(range(0, 85))
      expect(parts(found, 'validation')).toEqual([])
    })

    test('an instant is met to the microsecond', async () => {
      const at = (i: number) => `timestamptz '2025-01-01 00:00:00.00000${i}Z'`
      const text = `select 'a' as a, 'b' as b, n, as_of from (values (1, ${at(1)}), (2, ${at(2)}), (3, ${at(3)} - interval '1 second'), (4, ${at(1)} - interval '1 second')) as v (n, as_of)`
      const found = await run(p.split.time({ test: '2025-01-01T00:00:00.000002Z', gap: '1 seconds' as never }), text)
      expect([parts(found, 'test'), parts(found, null), parts(found, 'train')]).toEqual([[2], [1, 3], [4]])
    })

    test('needs an instant', async () => {
      const codes = await codesOf(() => run(p.split.time({ test: test100 }), "select 'a' as a, 'b' as b"))
      expect(codes).toEqual(['time/needs-as-of'])
    })
  })

  describe('what folds are made of', () => {
    const keysOf = async (foldKey: FoldKey, text: string, split: Split = p.split.none()) => {
      const sample: SampleDef = {
        kind: 'sample',
        name: 's',
        entity: thing,
        query: { kind: 'sql', text, origin: { kind: 'kysely' } },
        split,
      }
      const prepared = await prepareDataset(engine.db, { kind: 'dataset', name: 'd', sample, features: [] })
      const query = trainingQuery(prepared.dataset, prepared.facts, { foldKey })
      expect(query.columns.at(-1)).toEqual({ name: '_fold_key', type: 'float8', nullable: true })
      return engine.db.rows<Row>(query.sql)
    }
    const text =
      "select 'a' || g % 50 as a, 'b' as b, nullif(g % 5, 0) as c, timestamptz '2025-01-01 00:00:00.000001Z' + g * interval '1 hour' as as_of from generate_series(1, 400) as g"

    test('a hash of the key, the same for all rows of an entity and another than that of a split', async () => {
      const rows = await keysOf({ kind: 'hash' }, text, p.split.hash({ test: 0.5 }))
      for (const row of rows) {
        const digest = createHash('md5').update(`'folds ','${row['a']}','b'`).digest()
        expect(row['_fold_key']).toBe(digest.readUInt32BE(0))
      }
      const halves = new Set(rows.map((r) => `${r['_split']} ${Number(r['_fold_key']) % 2}`))
      expect(halves.size).toBe(4)
    })

    test('a hash of other columns, NULL being a group, with a seed', async () => {
      const rows = await keysOf({ kind: 'hash', by: ['c'], seed: 'x' }, text)
      expect(new Set(rows.map((r) => `${r['c']} ${r['_fold_key']}`)).size).toBe(5)
      expect(rows.every((r) => r['_fold_key'] !== null)).toBe(true)
      const others = await keysOf({ kind: 'hash', by: ['c'] }, text)
      expect(others[0]?.['_fold_key']).not.toBe(rows[0]?.['_fold_key'])
    })

    test('the instant in seconds, to the microsecond', async () => {
      const rows = await keysOf({ kind: 'time' }, text)
      const first = Date.parse('2025-01-01T01:00Z') * 1000 + 1
      const micros = rows.map((r) => Math.round(Number(r['_fold_key']) * 1e6)).sort((a, b) => a - b)
      expect(micros).toEqual(rows.map((_, i) => first + i * 3_600_000_000))
    })

    test('a column the sample lacks and a missing instant are refused', async () => {
      const refused = (foldKey: FoldKey) => codesOf(() => keysOf(foldKey, "select 'a' as a, 'b' as b"))
      expect(await refused({ kind: 'hash', by: ['d'] })).toEqual(['view/unknown-column'])
      expect(await refused({ kind: 'time' })).toEqual(['time/needs-as-of'])
    })
  })
})
