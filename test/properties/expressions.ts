/** Random expressions over float8, bool and text columns, with values that find the edges. */
import { type Expr, expr, type Literal } from '@viewcast/compiler'
import fc from 'fast-check'

const numbers = ['a', 'b', 'c'] as const

/** Magnitudes that neither overflow nor underflow in a few operations, and the special values. */
export const float: fc.Arbitrary<number> = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-6),
  fc.constantFrom(
    0,
    1,
    -1,
    0.1,
    1 / 3,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e15,
    -708,
    709,
  ),
)

const word = fc.constantFrom('', 'a', "it's", 'é', 'A', 'zz', '\\n')

export const row: fc.Arbitrary<Record<string, Literal>> = fc.record({
  a: fc.option(float, { nil: null }),
  b: fc.option(float, { nil: null }),
  c: fc.option(float, { nil: null }),
  p: fc.option(fc.boolean(), { nil: null }),
  w: fc.option(word, { nil: null }),
})

/** Numeric expressions and conditions, mutually recursive. */
export const { number: numberExpr } = fc.letrec<{ number: Expr; truth: Expr }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(...numbers).map((n) => expr.column('t', n)),
      float.map((v) => expr.float(v)),
    ),
    fc.array(tie('number'), { minLength: 1, maxLength: 150 }).map((terms) => expr.sum(terms)),
    fc.array(tie('number'), { minLength: 1, maxLength: 3 }).map((factors) => expr.product(factors)),
    fc.tuple(tie('number'), tie('number')).map(([l, r]) => expr.divide(l, r)),
    tie('number').map((e) => expr.negate(e)),
    fc
      .tuple(fc.array(fc.tuple(tie('truth'), tie('number')), { minLength: 1, maxLength: 3 }), tie('number'))
      .map(([arms, otherwise]) =>
        expr.case(
          arms.map(([when, value]) => ({ when, value })),
          otherwise,
        ),
      ),
    fc.array(tie('number'), { minLength: 1, maxLength: 3 }).map((args) => expr.call('coalesce', args)),
    tie('number').map((e) => expr.call('abs', [e])),
    tie('truth').map((e) => expr.case([{ when: e, value: expr.float(1) }], expr.float(0))),
  ),
  truth: fc.oneof(
    { depthSize: 'small' },
    fc.constant(expr.column('t', 'p')),
    fc
      .tuple(
        fc.constantFrom('=' as const, '<>' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
        tie('number'),
        tie('number'),
      )
      .map(([o, l, r]) => expr.compare(o, l, r)),
    word.map((v) => expr.compare('=', expr.column('t', 'w'), expr.text(v))),
    fc.array(tie('truth'), { minLength: 1, maxLength: 3 }).map((terms) => expr.and(terms)),
    fc.array(tie('truth'), { minLength: 1, maxLength: 3 }).map((terms) => expr.or(terms)),
    tie('truth').map((e) => expr.not(e)),
    tie('number').map((e) => expr.isNull(e)),
  ),
}))
