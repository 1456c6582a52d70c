/** The house property: the interpreter gives what the database gives. */
import {
  ArithmeticError,
  children,
  type Expr,
  evaluate,
  expr,
  type Literal,
  printExpression,
  printLiteral,
  ulpDistance,
} from '@viewcast/compiler'
import { type Database, isDatabaseError } from '@viewcast/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { float, numberExpr, row } from './expressions.ts'

const types: Record<string, string> = { a: 'float8', b: 'float8', c: 'float8', p: 'bool', w: 'text' }

const from = (values: Readonly<Record<string, Literal>>): string =>
  `(SELECT ${Object.entries(types)
    .map(([name, type]) => `${printLiteral(values[name] ?? null, type)} AS ${name}`)
    .join(', ')} OFFSET 0) AS t`

/** A value, or the SQLSTATE of what was raised. */
type Outcome = { readonly value: number | null } | { readonly raised: string }

const mine = (e: Expr, values: Readonly<Record<string, Literal>>): Outcome => {
  try {
    return { value: evaluate(e, { row: values }) as number | null }
  } catch (error) {
    if (error instanceof ArithmeticError) return { raised: error.sqlState }
    throw error
  }
}

const theirs = async (db: Database, e: Expr, values: Readonly<Record<string, Literal>>): Promise<Outcome> => {
  try {
    const { rows } = await db.query(`SELECT (${printExpression(e)})::float8 AS v FROM ${from(values)}`)
    return { value: (rows[0]?.[0] ?? null) as number | null }
  } catch (error) {
    if (isDatabaseError(error)) return { raised: error.sqlState }
    throw error
  }
}

/** True when a part without columns raises. */
function constantRaises(e: Expr): boolean {
  if (!readsColumns(e)) return 'raised' in mine(e, {})
  return children(e).some(constantRaises)
}
const readsColumns = (e: Expr): boolean => e.kind === 'column' || children(e).some(readsColumns)

describeEachEngine('an expression', (engine) => {
  test('means the same in the interpreter and the database, bit for bit', async () => {
    let values = 0
    await fc.assert(
      fc.asyncProperty(numberExpr, row, async (e, r) => {
        // The planner computes constants before it knows which arm of a CASE is taken.
        fc.pre(!constantRaises(e))
        const here = mine(e, r)
        const there = await theirs(engine.db, e, r)
        // The planner may skip an operand that cannot change the result, and with it the error; never the other way round.
        if ('raised' in here) return
        if ('raised' in there) throw new Error(`the database raises ${there.raised}: ${printExpression(e)}`)
        values++
        expect(ulpDistance(here.value, there.value), printExpression(e)).toBe(0)
      }),
      { numRuns: 800, seed: 20_011 },
    )
    // Errors agree trivially; the property means something only when most runs give values.
    expect(values).toBeGreaterThan(400)
  })

  test.each([63, 64, 65, 300, 2000])('a sum of %i terms is added in the same order', async (count) => {
    // Terms of very different size, so that another order would round to another value.
    const terms = Array.from({ length: count }, (_, i) =>
      expr.product([expr.float(Math.sin(i + 1) * 10 ** (i % 12)), expr.column('t', 'a')]),
    )
    const r = { a: 1 / 3, b: null, c: null, p: null, w: null }
    const sum = expr.sum(terms)
    expect(await theirs(engine.db, sum, r)).toEqual(mine(sum, r))
    if (count >= 300) expect(mine(expr.sum([...terms].reverse()), r)).not.toEqual(mine(sum, r))
  })

  test('sigmoid agrees within 4 ulp everywhere, and never raises', async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(fc.oneof(float, fc.double({ min: -1000, max: 1000 })), { nil: null }), async (z) => {
        const e = expr.sigmoid(expr.column('t', 'a'))
        const r = { a: z, b: null, c: null, p: null, w: null }
        const here = mine(e, r)
        const there = await theirs(engine.db, e, r)
        expect('value' in here && 'value' in there).toBe(true)
        if ('value' in here && 'value' in there) expect(ulpDistance(here.value, there.value)).toBeLessThanOrEqual(4)
      }),
      { numRuns: 300, seed: 7 },
    )
  })

  test.each([
    [null, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, 1],
    [Number.NEGATIVE_INFINITY, 0],
    [1e308, 1],
    [-1e308, 0],
    [0, 0.5],
  ])('sigmoid of %s is %s', async (z, expected) => {
    const there = await theirs(engine.db, expr.sigmoid(expr.column('t', 'a')), { a: z })
    expect(there).toEqual({ value: expected })
  })
})
