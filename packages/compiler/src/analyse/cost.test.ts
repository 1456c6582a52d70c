import { expect, it } from 'vitest'
import { ViewcastError } from '../diagnostics/diagnostic.ts'
import { type Expr, expr } from '../ir/expression.ts'
import { checkDepth } from './cost.ts'

const x = expr.column('s', 'x')
const nested = (levels: number): Expr => (levels === 1 ? x : { kind: 'negate', of: nested(levels - 1) })

it('lets a sum of ten thousand inputs pass: it is printed as a shallow tree', () => {
  const terms = Array.from({ length: 10_000 }, () => x)
  expect(() => checkDepth({ kind: 'sum', terms }, 100)).not.toThrow()
})

it('refuses what an engine might evaluate to no rows at all', () => {
  expect(() => checkDepth(nested(100), 100)).not.toThrow()
  const refused = (() => {
    try {
      return checkDepth(nested(101), 100)
    } catch (e) {
      return e
    }
  })()
  expect(refused).toBeInstanceOf(ViewcastError)
  expect((refused as ViewcastError).diagnostics[0]).toMatchObject({
    code: 'compile/too-deep',
    parameters: { depth: '101', limit: '100' },
  })
})
