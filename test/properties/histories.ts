/** Generated histories and questions that find the edges: ties, NULLs, keys whose texts run into each other. */
import { printLiteral } from '@viewcast/compiler'
import fc from 'fast-check'

/** Two key columns of one of these types, with values that are near each other. */
export const keyTypes = {
  text: ['a', 'ab', 'bc', 'c', "o'c", ''],
  int4: [1, 11, 12, 2, -1],
  int8: ['1', '11', '9007199254740993', '9007199254740992'],
  numeric: ['1', '1.0', '0.1', '10'],
  uuid: ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000011'],
  date: ['2024-01-01', '2024-01-11', '2024-11-01'],
  bool: [true, false],
} as const
export type KeyType = keyof typeof keyTypes

export interface HistoryRow {
  readonly first: string | number | boolean | null
  readonly second: string | number | boolean | null
  readonly at: string | null
  readonly known: string | null
  readonly seq: number | null
  readonly value: number | null
}
export interface QuestionRow {
  readonly first: string | number | boolean | null
  readonly second: string | number | boolean | null
  readonly as_of: string | null
}
export interface World {
  readonly types: readonly [KeyType, KeyType]
  readonly history: readonly HistoryRow[]
  readonly questions: readonly QuestionRow[]
}

/** Few instants, so that rows tie with each other and fall on the instants of questions, and on the edge of maxAge. */
const instant = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.integer({ min: 0, max: 7 }).map((h) => `2024-03-31 ${String(h).padStart(2, '0')}:00:00+00`),
  },
  { weight: 1, arbitrary: fc.constantFrom('infinity', '-infinity', '2024-03-31 02:30:00.000001+00') },
)
const sometimesNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 10 })

export const world: fc.Arbitrary<World> = fc
  .tuple(
    fc.constantFrom(...(Object.keys(keyTypes) as KeyType[])),
    fc.constantFrom(...(Object.keys(keyTypes) as KeyType[])),
  )
  .chain((types) => {
    const [first, second] = types.map((t) => sometimesNull(fc.constantFrom(...keyTypes[t].slice(0, 3)))) as [
      fc.Arbitrary<string | number | boolean | null>,
      fc.Arbitrary<string | number | boolean | null>,
    ]
    return fc.record({
      types: fc.constant(types),
      history: fc.array(
        fc.record({
          first,
          second,
          at: sometimesNull(instant),
          known: sometimesNull(instant),
          seq: sometimesNull(fc.integer({ min: 0, max: 2 })),
          value: sometimesNull(fc.integer({ min: 0, max: 4 })),
        }),
        { maxLength: 120, size: 'max' },
      ),
      questions: fc.array(fc.record({ first, second, as_of: sometimesNull(instant) }), { maxLength: 25, size: 'max' }),
    })
  })

/** Statements that make the world's tables, `h` and `questions`: a sample of that name is asked by, the history is `rows`. */
export function createWorld({ types, history, questions }: World): string {
  const [first, second] = types
  const value = (v: string | number | boolean | null, type: string) => printLiteral(v, type)
  const insert = (table: string, rows: readonly string[]) =>
    rows.length === 0 ? '' : `INSERT INTO ${table} VALUES ${rows.join(', ')};`
  return `
    DROP TABLE IF EXISTS "h", rows;
    CREATE TABLE rows (first ${first}, second ${second}, at timestamptz, known timestamptz, seq int4, value int4);
    CREATE TABLE "h" (id int4, first ${first}, second ${second}, as_of timestamptz);
    ${insert(
      'rows',
      history.map(
        (r) =>
          `(${value(r.first, first)}, ${value(r.second, second)}, ${value(r.at, 'timestamptz')}, ${value(r.known, 'timestamptz')}, ${value(r.seq, 'int4')}, ${value(r.value, 'int4')})`,
      ),
    )}
    ${insert(
      '"h"',
      questions.map(
        (r, id) => `(${id}, ${value(r.first, first)}, ${value(r.second, second)}, ${value(r.as_of, 'timestamptz')})`,
      ),
    )}`
}
