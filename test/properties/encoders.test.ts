/** Encoded columns, and their folded sums: the interpreter gives what the database gives, whatever a row holds. */
import {
  contribution,
  type Expr,
  encodedColumns,
  encodedValues,
  evaluate,
  expr,
  hasLogarithm,
  type LearnedBasis,
  type LearnedEncoder,
  type LearnedInput,
  type Literal,
  printExpression,
  printLiteral,
} from '@viewcast/compiler'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

const numbers: readonly (number | null)[] = [
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e308,
  -1e308,
  1e150,
  -1e150,
  1.1e150,
  1e75,
  -1e30,
  1e-150,
  -1e-150,
  9e-151,
  5e-324,
  -0,
  0,
  1,
  -1,
  0.1,
  2.5,
  -3,
  7,
  99.5,
]
const texts = [null, 'a', 'b', 'B', '', ' ', 'a:b', "o'hare", 'x"y', 'back\\slash', 'été', '😀', 'NULL', 'never seen']
const columns: Readonly<Record<string, readonly Literal[]>> = {
  float8: numbers,
  int4: numbers,
  text: texts,
  bool: [null, true, false],
}

const increasing = (least: number) =>
  fc
    .uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: least, maxLength: 14 })
    .map((v) => v.sort((a, b) => a - b).map((x) => x / 4))
const smooth: fc.Arbitrary<LearnedBasis> = fc.oneof(
  fc.record({ kind: fc.constant('polynomial' as const), degree: fc.integer({ min: 2, max: 8 }) }),
  fc.record({
    kind: fc.constant('bspline' as const),
    degree: fc.integer({ min: 1, max: 5 }),
    knots: increasing(2),
    beyond: fc.constantFrom('constant' as const, 'linear' as const),
  }),
  fc.record({ kind: fc.constant('natural' as const), knots: increasing(3) }),
)
const bins = fc.record({
  kind: fc.constant('bins' as const),
  edges: increasing(1),
  closed: fc.constantFrom('left' as const, 'right' as const),
})
const missing = fc.constantFrom(undefined, 'level' as const, 'null' as const)
const numeric: fc.Arbitrary<LearnedEncoder> = fc
  .record({
    transform: fc.constantFrom(...(['identity', 'identity', 'log1p', 'boxCox', 'yeoJohnson'] as const)),
    lambda: fc.constantFrom(-5, -0.3, 0, 0.5, 1, 2, 5),
    impute: fc.constantFrom(0, 2, -1.5, 1e150),
    indicator: fc.boolean(),
    missing,
    center: fc.constantFrom(0, 1.5, -1e-140, 1e20),
    scale: fc.constantFrom(1, 3, 1e-150, 1e150, 0.1),
    clip: fc.option(fc.constantFrom<[number, number]>([-2, 3], [0.5, 0.5], [1e-100, 1e100], [-1e150, 0])),
    origin: fc.option(fc.constantFrom(0, 10957), { freq: 4 }),
    basis: fc.option(fc.oneof(smooth, bins)),
  })
  .map(({ missing: m, clip, origin, basis, ...rest }) => ({
    kind: 'numeric' as const,
    ...rest,
    ...(m === undefined ? {} : { missing: m }),
    ...(clip === null ? {} : { clip }),
    ...(origin === null ? {} : { origin }),
    // A last place that mathematics libraries differ in may be the other side of an edge.
    ...(basis === null || (basis.kind === 'bins' && rest.transform !== 'identity') ? {} : { basis }),
  }))

const levelsOf = (all: readonly string[]) => fc.shuffledSubarray([...all], { minLength: 1 })
const byLevels = (all: readonly string[]): fc.Arbitrary<LearnedEncoder> =>
  fc.oneof(
    fc
      .record({ levels: levelsOf(all), rare: fc.nat(3), missing, hasBase: fc.boolean() })
      .map(({ levels: [base = '', ...levels], rare, missing: m, hasBase }) => ({
        kind: 'onehot' as const,
        levels: rare === 0 ? levels : levels.slice(1),
        base: hasBase ? base : null,
        ...(rare === 0 ? {} : { rare: { levels: rare === 1 ? levels.slice(0, 1) : [], unseen: rare > 1 } }),
        ...(m === undefined ? {} : { missing: m }),
      })),
    fc
      .record({ levels: levelsOf(all), missing: fc.constantFrom(null, 0.25, -1), unseen: fc.constantFrom(0, -1, 0.5) })
      .map(({ levels, ...rest }) => ({
        kind: 'levels' as const,
        by: 'ordinal' as const,
        levels,
        values: levels.map((_, i) => i / 3),
        ...rest,
      })),
  )
const hashed: fc.Arbitrary<LearnedEncoder> = fc
  .record({ columns: fc.integer({ min: 1, max: 9 }), signed: fc.boolean(), missing })
  .map(({ missing: m, ...rest }) => ({ kind: 'hashed' as const, ...rest, ...(m === undefined ? {} : { missing: m }) }))

const input: fc.Arbitrary<LearnedInput> = fc.oneof(
  { weight: 4, arbitrary: numeric.map((encoder) => ({ feature: 'x', type: 'float8', encoder })) },
  { weight: 1, arbitrary: byLevels(['0', '1', '7', '-3']).map((encoder) => ({ feature: 'x', type: 'int4', encoder })) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(byLevels(texts.filter((t) => t !== null && t !== 'never seen') as string[]), hashed)
      .map((encoder) => ({ feature: 'x', type: 'text', encoder })),
  },
  {
    weight: 1,
    arbitrary: fc
      .oneof(byLevels(['true', 'false']), fc.constant<LearnedEncoder>({ kind: 'boolean', missing: 'level' }))
      .map((encoder) => ({ feature: 'x', type: 'bool', encoder })),
  },
)
const coefficient = fc.constantFrom(0, 1, -0.75, 12, 1e-12, -1e6)

describeEachEngine('encoders on', (engine) => {
  test('a row that is hostile has the value the interpreter gives, and never an error', async () => {
    await fc.assert(
      fc.asyncProperty(input, fc.infiniteStream(coefficient), async (learned, coefficients) => {
        const behind = { float8: 'float8', int4: 'float8', text: 'text', bool: 'bool' }[learned.type] as string
        const given = columns[learned.type] as readonly Literal[]
        const column = expr.column('t', 'x')
        const encoded = encodedValues(learned, column)
        const names = encodedColumns([learned])
        expect(encoded).toHaveLength(names.length)
        expect(new Set(names.map((n) => n.name)).size).toBe(names.length)
        const betas = [...coefficients.take(names.length)]
        const folded = contribution(learned, betas, column)
        const all: readonly Expr[] = [...encoded, folded.expr]
        const rows = given.map((x, i) => `(${i}, ${printLiteral(x, behind)})`)
        const { rows: found } = await engine.db.query(
          `SELECT ${all.map((e, j) => `(${printExpression(e)})::float8 AS v${j}`).join(', ')}
           FROM (VALUES ${rows.join(', ')}) AS t (i, x) ORDER BY t.i`,
        )
        const isExact = !hasLogarithm(learned.encoder)
        for (const [r, x] of given.entries()) {
          const theirs = found[r] as readonly (number | null)[]
          const mine = all.map((e) => evaluate(e, { row: { x } }) as number | null)
          for (const [j, value] of mine.entries()) {
            if (value === null) expect(theirs[j]).toBeNull()
            else if (isExact) expect((theirs[j] as number) + 0).toBe(value + 0)
            else expect(near(theirs[j] as number, value, Math.max(1, Math.abs(value)))).toBe(true)
            if (value !== null && j < encoded.length) expect(Number.isFinite(value)).toBe(true)
          }
          const share = mine.at(-1) ?? null
          const terms = encoded.map((_, j) => (betas[j] as number) * (mine[j] ?? Number.NaN))
          if (terms.some(Number.isNaN)) expect(share).toBeNull()
          else if (encoded.length > 0 && terms.every((t) => Math.abs(t) < 1e40)) {
            const size = terms.reduce((s, t) => s + Math.abs(t), Math.abs(folded.constant))
            const sum = terms.reduce((s, t) => s + t, 0)
            expect(near((share as number) + folded.constant, sum, Math.max(size, 1e-30))).toBe(true)
          }
        }
      }),
      { seed: 29, numRuns: 300 },
    )
  }, 120_000)
})

const near = (a: number, b: number, size: number): boolean => Math.abs(a - b) <= 1e-9 * size
