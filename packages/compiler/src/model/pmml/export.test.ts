/**
 * Exported PMML, scored by an evaluator written here from the standard: it knows nothing of records, encoders or
 * expressions.
 */
import { describe, expect, it } from 'vitest'
import { isViewcastError } from '../../diagnostics/diagnostic.ts'
import { rowScorer } from '../../evaluate/score-row.ts'
import type { Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import { cases, inputs, recordOf, rows } from './cases.ts'
import { child, childrenOf, type Element, readXml } from './element.ts'
import { exportPmml } from './export.ts'
import { importPmml } from './import.ts'

/** PMML 4.4: fields, transformations, tables; a missing value is null. */
function evaluator(text: string): (row: Readonly<Record<string, Literal>>) => (number | null)[] {
  const root = readXml(text)
  if ('message' in root) throw new Error(root.message)
  const data = childrenOf(child(root, 'DataDictionary') as Element, 'DataField')
  const derived = childrenOf(child(root, 'TransformationDictionary') as Element, 'DerivedField')
  const model = root.children.find((c) => c.name.endsWith('Model')) as Element
  return (row) => {
    const scope = new Map<string, Literal>()
    for (const field of data) {
      const name = field.attributes.name as string
      const value = row[name] ?? null
      const interval = child(field, 'Interval')
      const [low, high] = [interval?.attributes.leftMargin, interval?.attributes.rightMargin].map(Number)
      const valid = typeof value !== 'number' || (value >= (low as number) && value <= (high as number))
      scope.set(name, valid ? value : null)
    }
    for (const d of derived) scope.set(d.attributes.name as string, of(d.children[0] as Element, scope))
    if (model.name === 'RegressionModel') {
      return childrenOf(model, 'RegressionTable').map((t) => {
        let sum: number | null = Number(t.attributes.intercept)
        for (const p of t.children) {
          const value = scope.get(p.attributes.name as string) as number | null
          sum = sum === null || value === null ? null : sum + Number(p.attributes.coefficient) * value
        }
        return sum
      })
    }
    const cells = childrenOf(child(model, 'PPMatrix') as Element, 'PPCell')
    let sum: number | null = 0
    for (const p of childrenOf(child(model, 'ParamMatrix') as Element, 'PCell')) {
      const cell = cells.find((c) => c.attributes.parameterName === p.attributes.parameterName)
      const value = cell === undefined ? 1 : (scope.get(cell.attributes.predictorName as string) as number | null)
      sum = sum === null || value === null ? null : sum + Number(p.attributes.beta) * value
    }
    return [sum]
  }
}

function of(e: Element, scope: ReadonlyMap<string, Literal>): Literal {
  if (e.name === 'FieldRef') return scope.get(e.attributes.field as string) ?? null
  if (e.name === 'Constant') {
    if (e.attributes.missing === 'true') return null
    if (e.attributes.dataType === 'double') return Number(e.text.replace('INF', 'Infinity'))
    return e.attributes.dataType === 'boolean' ? e.text === 'true' : e.text
  }
  const name = e.attributes.function as string
  const at = (i: number): Literal => of(e.children[i] as Element, scope)
  if (name === 'if') return at(0) === true ? at(1) : at(2)
  if (name === 'isMissing') return at(0) === null
  const args = e.children.map((_, i) => at(i))
  if (args.includes(null)) throw new Error(`${name} of a missing value: an engine may do as it likes`)
  const [a, b] = args as [never, never]
  switch (name) {
    case '+':
      return a + b
    case '*':
      return a * b
    case '/':
      return a / b
    case 'equal':
      return a === b
    case 'notEqual':
      return a !== b
    case 'lessThan':
      return a < b
    case 'lessOrEqual':
      return a <= b
    case 'greaterThan':
      return a > b
    case 'greaterOrEqual':
      return a >= b
    case 'and':
      return a && b
    case 'or':
      return a || b
    case 'not':
      return !a
    case 'abs':
      return Math.abs(a)
    case 'ln':
      return Math.log(a)
    case 'exp':
      return Math.exp(a)
    case 'sqrt':
      return Math.sqrt(a)
    default:
      throw new Error(`no function ${name}`)
  }
}

describe('exported PMML', () => {
  it.each(cases.map((c) => [c.family, c.link, c] as const))(
    'of %s with %s scores as the record does',
    (_, __, record) => {
      const text = exportPmml(record)
      const score = evaluator(text)
      const own = rowScorer({ ...record, link: 'identity', family: 'gaussian' })
      let scored = 0
      for (const row of rows) {
        const mine = own.score(row).scores
        const theirs = score(row)
        mine.forEach((m, k) => {
          const t = theirs[k] as number | null
          if (m === null || t === null) expect(t, JSON.stringify(row)).toBe(m)
          else expect(Math.abs(m - t), JSON.stringify(row)).toBeLessThan(1e-11 * Math.max(1, Math.abs(m)))
          if (m !== null) scored++
        })
      }
      expect(scored).toBeGreaterThan(80)
    },
  )

  it('says what the standard has a word for: model, function, normalisation, distribution', () => {
    expect(exportPmml(recordOf('binomial', 'cloglog'))).toMatch(
      /<RegressionModel modelName="m" functionName="classification" normalizationMethod="cloglog">/,
    )
    expect(exportPmml(recordOf('gamma', 'inverse'))).toMatch(
      /distribution="gamma" linkFunction="power" linkParameter="-1"/,
    )
    expect(exportPmml(recordOf('multinomial', 'softmax', ['x', 'y']))).toMatch(/targetCategory="y"/)
    expect(exportPmml(recordOf('gaussian', 'identity'))).toContain('a &quot;quoted&quot; &lt;name&gt; &amp; more')
  })

  it('has the verification rows, and formulas that the importer does not read but names', () => {
    const own = inputs.filter((i) => i.feature === 'plain')
    const record = {
      ...recordOf('poisson', 'log', undefined, own),
      verification: [{ inputs: { plain: 3 }, scores: [0], outputs: { prediction: 1 } }],
    }
    const text = exportPmml(record)
    expect(text).toMatch(/<ModelVerification recordCount="1" fieldCount="2">/)
    const problem = (() => {
      try {
        return importPmml(text, { file: 'm.pmml' })
      } catch (e) {
        return e
      }
    })()
    // Every input is a formula that tests for missing values: more than the importer reads, which it says by name.
    expect(isViewcastError(problem) && problem.diagnostics[0]?.message).toMatch(/the function "if"/)
  })

  it('refuses what PMML has no word for, by name and all at once', () => {
    const hashed = (feature: string): LearnedInput => ({
      feature,
      type: 'text',
      encoder: { kind: 'hashed', columns: 4, signed: false },
    })
    let found: readonly { code: string; message: string }[] = []
    try {
      exportPmml(recordOf('gaussian', 'identity', undefined, [hashed('tail'), hashed('crew')]))
    } catch (e) {
      found = isViewcastError(e) ? e.diagnostics : []
    }
    expect(found.every((d) => d.code === 'model/export')).toBe(true)
    expect(found.map((d) => d.message).join()).toMatch(/hash_slot of input "tail".*hash_slot of input "crew"/s)
  })
})
