/** Whatever is declared, whatever a column holds: the design has what the expressions of the encoded columns give. */
import {
  type BasisSpec,
  type EncoderSpec,
  encodedColumns,
  encodedRange,
  encodedValues,
  evaluate,
  expr,
  isViewcastError,
  type Literal,
  usableNumber,
} from '@viewcast/compiler'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Collected } from '../collect/collect.ts'
import { storedRows } from '../collect/stored-rows.ts'
import { createDesign } from './design.ts'
import { learnEncoders } from './encoders.ts'

const hostile = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, -1e308, 5e-324, -1e-200, -0]
const large = fc.constantFrom(1e150, -1e150, 1e-150, 1e100, 0)
const ordinary = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
)
const number = fc.oneof(
  { weight: 12, arbitrary: ordinary },
  { weight: 1, arbitrary: large },
  { weight: 1, arbitrary: fc.constantFrom(...hostile) },
  { weight: 1, arbitrary: fc.constant(null) },
)
const whole = fc.option(fc.integer({ min: -3, max: 6 }), { freq: 8 })
const text = fc.option(
  fc.constantFrom('a', 'b', 'c', 'B', '', ' ', 'a:b', "o'hare", 'x"y', 'back\\slash', 'été', '😀', 'NULL'),
  { freq: 8 },
)

const breaks = fc.oneof(
  fc.record({ by: fc.constantFrom('quantile' as const, 'width' as const), count: fc.integer({ min: 3, max: 12 }) }),
  fc
    .uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 12 })
    .map((at) => ({ by: 'value' as const, at: at.sort((a, b) => a - b) })),
)
const basis: fc.Arbitrary<BasisSpec> = fc.oneof(
  fc.record({ kind: fc.constant('polynomial' as const), degree: fc.integer({ min: 2, max: 8 }) }),
  fc.record({
    kind: fc.constant('bins' as const),
    edges: breaks,
    closed: fc.constantFrom('left' as const, 'right' as const),
  }),
  fc.record({
    kind: fc.constant('bspline' as const),
    degree: fc.integer({ min: 1, max: 5 }),
    knots: breaks,
    beyond: fc.constantFrom('constant' as const, 'linear' as const),
  }),
  fc.record({ kind: fc.constant('natural' as const), knots: breaks }),
)
const missing = fc.constantFrom(undefined, 'level' as const, 'null' as const)
const numeric: fc.Arbitrary<EncoderSpec> = fc
  .record({
    impute: fc.oneof(
      fc.constantFrom('mean' as const, 'median' as const, 'mostFrequent' as const),
      fc.integer({ min: -9, max: 9 }),
    ),
    missing,
    indicator: fc.boolean(),
    clip: fc.option(
      fc.constantFrom({ by: 'value' as const, from: -3, to: 8 }, { by: 'quantile' as const, from: 0.1, to: 0.8 }),
    ),
    transform: fc.constantFrom('identity' as const, 'log1p' as const, 'boxCox' as const, 'yeoJohnson' as const),
    scaling: fc.constantFrom(
      'none' as const,
      'standard' as const,
      'minMax' as const,
      'maxAbs' as const,
      'robust' as const,
    ),
    basis: fc.option(basis),
  })
  .map(({ missing: m, clip, basis: b, ...rest }) => ({
    kind: 'numeric',
    ...rest,
    ...(m === undefined ? {} : { missing: m }),
    ...(clip === null ? {} : { clip }),
    ...(b === null ? {} : { basis: b }),
  }))
const category: fc.Arbitrary<EncoderSpec> = fc.oneof(
  fc
    .record({
      maxCategories: fc.integer({ min: 1, max: 6 }),
      minCount: fc.integer({ min: 1, max: 4 }),
      missing,
      more: fc.nat(7),
    })
    .map(({ maxCategories, minCount, missing: m, more }) => ({
      kind: 'onehot' as const,
      maxCategories,
      minCount,
      ...(m === undefined ? {} : { missing: m }),
      ...(more & 1 ? { base: 'none' as const } : {}),
      ...(more & 2 ? { rare: 'level' as const } : {}),
      ...(more & 4 ? { unseen: 'rare' as const } : {}),
    })),
  fc.record({
    kind: fc.constant('ordinal' as const),
    unseen: fc.constant(-1),
    missing: fc.constantFrom('mostFrequent' as const, 2.5, null),
  }),
  fc.record({
    kind: fc.constant('frequency' as const),
    missing: fc.constantFrom('level' as const, 'zero' as const, 'null' as const),
  }),
  fc.record({
    kind: fc.constant('target' as const),
    smoothing: fc.constantFrom(0, 1, 10.5),
    folds: fc.integer({ min: 2, max: 5 }),
    minCount: fc.integer({ min: 1, max: 3 }),
    missing: fc.constantFrom('level' as const, 'prior' as const, 'null' as const),
  }),
)
const hashed: fc.Arbitrary<EncoderSpec> = fc
  .record({ columns: fc.integer({ min: 1, max: 7 }), signed: fc.boolean(), missing })
  .map(({ missing: m, ...rest }) => ({ kind: 'hashed' as const, ...rest, ...(m === undefined ? {} : { missing: m }) }))

const rows = <T>(value: fc.Arbitrary<T>) =>
  fc.array(fc.record({ value, part: fc.constantFrom('train' as const, 'train' as const, 'test' as const) }), {
    minLength: 1,
    maxLength: 40,
  })
const column = fc.oneof(
  fc.record({ type: fc.constant('float8'), spec: numeric, rows: rows<Literal>(number) }),
  fc.record({ type: fc.constant('int4'), spec: fc.oneof(numeric, category), rows: rows<Literal>(whole) }),
  fc.record({ type: fc.constant('text'), spec: fc.oneof(category, hashed), rows: rows<Literal>(text) }),
  fc.record({ type: fc.constant('bool'), spec: category, rows: rows<Literal>(fc.option(fc.boolean())) }),
)

test('the design has what the expressions give, in proven ranges, on hostile columns', () => {
  let encoded = 0
  fc.assert(
    fc.property(column, ({ type, spec, rows: given }) => {
      const { store, inputs: collectedInputs } = storedRows(
        [{ name: 'f', type }],
        given.map(({ value, part }, i) => ({ values: [value], part, label: i % 3 === 0 ? 1 : 0 })),
      )
      const count = (part: string): number => given.filter((g) => g.part === part).length
      const collected: Collected = {
        store,
        inputs: collectedInputs,
        isWeighted: false,
        rows: { train: count('train'), test: count('test'), validation: 0 },
        leftOut: { censored: 0, gap: 0, unlabelled: 0, weightless: 0 },
        warnings: [],
      }
      fc.pre((collectedInputs[0]?.statistics.count ?? 0) > 0)
      const learned = learn()
      fc.pre(learned !== undefined)
      const [input] = learned?.inputs ?? []
      if (input === undefined) throw new Error('nothing was learned')
      const values = encodedValues(input, expr.column('t', 'f'))
      const ranges = encodedRange(input)
      const width = values.length
      expect(encodedColumns([input])).toHaveLength(width)
      expect(ranges).toHaveLength(width)
      const isOutOfFold = spec.kind === 'target'
      for (const part of isOutOfFold ? (['test'] as const) : (['train', 'test'] as const)) {
        const wanted = given.filter((g) => g.part === part)
        let at = 0
        for (const { rows: n, x } of createDesign(collected, [input], part).blocks()) {
          for (let r = 0; r < n; r++, at++) {
            const value = wanted[at]?.value ?? null
            const evaluated = values.map((v) => evaluate(v, { row: { f: value } }) as number | null)
            for (const [j, v] of evaluated.entries()) {
              const mine = x[r * width + j] as number
              if (v === null) expect(mine).toBeNaN()
              else {
                expect(Number.isFinite(v)).toBe(true)
                expect(mine === v ? v : mine).toBe(v)
                const [low, high] = ranges[j] as (typeof ranges)[number]
                expect(v).toBeGreaterThanOrEqual(low)
                expect(v).toBeLessThanOrEqual(high)
              }
            }
            const isMissing = value === null || (typeof value === 'number' && Number.isNaN(usableNumber(value)))
            const isNull = evaluated.every((v) => v === null)
            const hasNull =
              'missing' in spec && (spec.missing === 'null' || (spec.kind === 'ordinal' && spec.missing === null))
            expect(isNull && width > 0).toBe(isMissing && hasNull && width > 0)
            encoded++
          }
        }
        expect(at).toBe(wanted.length)
      }

      function learn() {
        try {
          return learnEncoders({ f: spec }, { store, inputs: collectedInputs })
        } catch (e) {
          if (isViewcastError(e) && e.diagnostics[0]?.code === 'train/not-positive') return undefined
          throw e
        }
      }
    }),
    { seed: 17, numRuns: 3000 },
  )
  expect(encoded).toBeGreaterThan(15_000)
})
