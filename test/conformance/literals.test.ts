/** A printed literal is the value a bound parameter would be, whatever the session is set to. */
import { printLiteral, quoteIdentifier } from '@viewcast/compiler'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface Case {
  readonly type: string
  readonly value: unknown
  /** The same value as a parameter, in the server's text form. */
  readonly text: string
}

const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((s) => !s.includes('\0'))
const awkward = fc.constantFrom(
  "'",
  "''",
  '\\',
  "\\'",
  '\n',
  '\t',
  '--',
  '/*',
  '$$',
  'E',
  '"',
  '{}',
  '\u2028',
  'é',
  '😀',
)
const words = fc.oneof(
  text,
  fc.array(fc.oneof(awkward, text), { maxLength: 6 }).map((parts) => parts.join('')),
)
const doubleText = (n: number): string => (Object.is(n, -0) ? '-0' : String(n))
const double = fc.oneof(
  fc.double(),
  fc.integer().map(Number),
  fc.constantFrom(
    0,
    -0,
    0.1,
    1e21,
    1e-7,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    Number.MAX_VALUE,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ),
)
const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const of = <T>(type: string, values: fc.Arbitrary<T>, print: (value: T) => string = String): fc.Arbitrary<Case> =>
  values.map((value) => ({ type, value, text: print(value) }))

const cases: fc.Arbitrary<Case> = fc.oneof(
  of('float8', double, doubleText),
  of('float4', fc.float(), doubleText),
  of('int2', fc.integer({ min: -32768, max: 32767 })),
  of('int4', fc.integer({ min: -2147483648, max: 2147483647 })),
  of('int8', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  of(
    'numeric',
    fc.tuple(fc.constantFrom('', '-'), digits(30), digits(20)).map(([sign, a, b]) => `${sign}${a}.${b}`),
  ),
  of('bool', fc.boolean()),
  of('text', words, (s) => s),
  of('varchar', words, (s) => s),
  of('bytea', fc.uint8Array({ maxLength: 20 }), (b) => `\\x${hex(b)}`),
  of('uuid', fc.uuid()),
  of('timestamptz', fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }), (d) =>
    d.toISOString(),
  ),
  of('date', fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }), (d) =>
    d.toISOString().slice(0, 10),
  ),
  of(
    'interval',
    fc.integer({ min: -9999, max: 9999 }).map((n) => `${n} hours`),
  ),
  of(
    'jsonb',
    fc.dictionary(
      words,
      fc.oneof(words, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
      { noNullPrototype: true },
    ),
    (v) => JSON.stringify(v),
  ),
  of(
    '_float8',
    fc.array(fc.option(double), { maxLength: 4 }),
    (a) => `{${a.map((v) => (v === null ? 'NULL' : doubleText(v))).join(',')}}`,
  ),
  of(
    '_text',
    fc.array(fc.option(words), { maxLength: 4 }),
    (a) => `{${a.map((v) => (v === null ? 'NULL' : `"${v.replace(/[\\"]/g, '\\$&')}"`)).join(',')}}`,
  ),
)

const sessions = ['standard_conforming_strings = on', 'standard_conforming_strings = off']

describeEachEngine('literals', (engine) => {
  test.each(sessions)('2,000 random values are what a parameter would be, with %s', async (setting) => {
    const sample = fc.sample(cases, { seed: 7, numRuns: 2000 })
    const wrong: unknown[] = []
    await engine.db.transaction(async (tx) => {
      await tx.execute(
        `SET LOCAL ${setting}; SET LOCAL TimeZone = 'America/St_Johns'; SET LOCAL DateStyle = 'SQL, DMY'`,
      )
      for (let at = 0; at < sample.length; at += 100) {
        const batch = sample.slice(at, at + 100)
        const columns = batch.map((c, i) => {
          const literal = printLiteral(c.value, c.type)
          // An atom: nothing around it takes it apart.
          const same = `${literal} IS NOT DISTINCT FROM CAST($${i + 1}::text AS ${typeName(c.type)})`
          const sign =
            c.type === 'float8' ? ` AND float8send(${literal}) = float8send(CAST($${i + 1}::text AS float8))` : ''
          return `(${same}${sign} AND pg_typeof(${literal}) = '${ownType(c.type)}'::regtype) AS c${i}`
        })
        const [row] = (
          await tx.query(
            `SELECT ${columns.join(', ')}`,
            batch.map((c) => c.text),
          )
        ).rows
        batch.forEach((c, i) => {
          if (row?.[i] !== true) wrong.push({ ...c, literal: printLiteral(c.value, c.type) })
        })
      }
    })
    expect(wrong).toEqual([])
  })

  test('null has its type, and a negative number is an atom', async () => {
    const literals = [
      printLiteral(null, 'date'),
      `2 -${printLiteral(-0.5, 'float8')}`,
      `2 -${printLiteral(-5, 'int4')}`,
    ]
    const { rows } = await engine.db.query(`SELECT pg_typeof(${literals[0]})::text, ${literals[1]}, ${literals[2]}`)
    expect(rows).toEqual([['date', 2.5, 7]])
  })

  test('any identifier names a column', async () => {
    const names = fc.sample(
      text.filter((s) => s !== '' && Buffer.byteLength(s) <= 63),
      { seed: 8, numRuns: 200 },
    )
    const unique = [...new Set([...names, 'select', 'Order', 'a"b', 'time', '7d'])]
    const columns = unique.map((name, i) => `${i} AS ${quoteIdentifier(name)}`)
    const result = await engine.db.query(`SELECT ${columns.join(', ')}`)
    expect(result.columns.map((c) => c.name)).toEqual(unique)
  })
})

const typeName = (type: string): string => (type.startsWith('_') ? `${type.slice(1)}[]` : type)
/** A text literal is left bare: it becomes text where nothing else is asked of it. */
const ownType = (type: string): string => (type === 'text' ? 'unknown' : typeName(type))
