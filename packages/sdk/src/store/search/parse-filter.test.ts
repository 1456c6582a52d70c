import { isViewcastError } from '@viewcast/compiler'
import { describe, expect, it } from 'vitest'
import type { Condition, Field, Literal } from './filter.ts'
import { parseFilter, parseOrder } from './parse-filter.ts'

const short: Readonly<Record<Field['family'], string>> = {
  metric: 'm',
  param: 'p',
  tag: 't',
  attribute: 'a',
  dataset: 'd',
}
const fieldText = (f: Field): string => {
  const name = `${short[f.family]}:${f.key}`
  return f.statistic === 'latest' ? name : `${f.statistic}(${name})`
}
const valueText = (l: Literal): string => (l.kind === 'text' ? JSON.stringify(l.text) : String(l.number))

/** The tree with all its parentheses. */
function printed(c: Condition | undefined): string {
  if (c === undefined) return ''
  switch (c.kind) {
    case 'and':
    case 'or':
      return `(${c.of.map(printed).join(` ${c.kind} `)})`
    case 'not':
      return `not ${printed(c.of)}`
    case 'compare':
      return `${fieldText(c.field)} ${c.comparator} ${valueText(c.value)}`
    case 'in':
      return `${fieldText(c.field)} in [${c.values.map(valueText).join(' ')}]`
    case 'like':
      return `${fieldText(c.field)} ${c.ignoresCase ? 'ilike' : 'like'} ${valueText(c.pattern)}`
    case 'missing':
      return `${fieldText(c.field)} missing`
  }
}

function complaints(read: () => unknown): string[] {
  try {
    read()
  } catch (e) {
    if (isViewcastError(e))
      return e.diagnostics.map((d) => `${d.location?.line}:${d.location?.column} ${d.message.replace(/^.*read: /, '')}`)
    throw e
  }
  return []
}

describe('a filter', () => {
  it.each([
    ['', ''],
    [' \n ', ''],
    // Everything of MLflow's documentation.
    [
      `metrics.x < 1 and params.y = 'a' and tags.z LIKE '%q%' and attributes.status = 'FINISHED'`,
      '(m:x < 1 and p:y = "a" and t:z like "%q%" and a:status = "FINISHED")',
    ],
    ['metrics.accuracy > 0.72', 'm:accuracy > 0.72'],
    ['metrics.`a b` > 1', 'm:a b > 1'],
    ['metrics."a b" > 1', 'm:a b > 1'],
    ['`metrics`.`a b` > 1', 'm:a b > 1'],
    ['"metrics".x > 1', 'm:x > 1'],
    ['params.model = "LogisticRegression"', 'p:model = "LogisticRegression"'],
    ["attributes.run_id IN ('a', 'b')", 'a:run_id in ["a" "b"]'],
    ["run_name ILIKE '%Tree%'", 'a:run_name ilike "%Tree%"'],
    ["tags.mlflow.source.name != 'x'", 't:mlflow.source.name != "x"'],
    ['parameter.a = 1 AND Metric.b=2', '(p:a = 1 and m:b = 2)'],
    // What it does not have.
    ['a = 1 or b = 2 and c = 3', '(a:a = 1 or (a:b = 2 and a:c = 3))'],
    ['(a = 1 or b = 2) and c = 3', '((a:a = 1 or a:b = 2) and a:c = 3)'],
    ['not a = 1 and b = 2', '(not a:a = 1 and a:b = 2)'],
    ['NOT (a = 1 OR NOT b = 2)', 'not (a:a = 1 or not a:b = 2)'],
    ['((a=1))', 'a:a = 1'],
    ['metrics.x is null', 'm:x missing'],
    ['metrics.x IS NOT NULL', 'not m:x missing'],
    ["tags.x not like 'a%' and kind NOT IN ('a')", '(not t:x like "a%" and not a:kind in ["a"])'],
    ['metrics.x between -1 and +2e-3 and a <> 1', '((m:x >= -1 and m:x <= 0.002) and a:a != 1)'],
    ['max(metrics.loss) > .5 and count(metrics.loss)>=10', '(max(m:loss) > 0.5 and count(m:loss) >= 10)'],
    // Keys as they are used.
    [
      'metrics.test.auc > 1 and metrics.val/loss<1 and params.learning-rate = 1',
      '(m:test.auc > 1 and m:val/loss < 1 and p:learning-rate = 1)',
    ],
    ['metrics.größe > 1', 'm:größe > 1'],
    ["metrics.`a``b` = 1 and params.x = 'it''s'", '(m:a`b = 1 and p:x = "it\'s")'],
    ["params.x = '' and params.y = 'and or ('", '(p:x = "" and p:y = "and or (")'],
    ['metrics.and = 1 and metrics.not = 2', '(m:and = 1 and m:not = 2)'],
    ['metrics.x = NaN or metrics.x = -Infinity or metrics.x < inf', '(m:x = NaN or m:x = -Infinity or m:x < Infinity)'],
    ['metrics.x>-1', 'm:x > -1'],
  ])('%s', (text, tree) => {
    expect(printed(parseFilter(text))).toBe(tree)
  })

  it.each([
    ['metrics.x', ['1:10 it ends where a comparison such as =, <, LIKE, IN or IS NULL should come']],
    ['metrics.x <', ['1:12 it ends where a value should come']],
    ['metrics.x < < 1', ['1:13 a value should come here']],
    ['metrics.x == 1', ['1:11 equality is written with one =']],
    ['metrics. > 1', ['1:1 the key behind metrics. is missing']],
    ['metric.x > 1 metrics.y', ['1:14 AND or OR should come here']],
    ['(a = 1', ['1:1 this ( is not closed']],
    ['a = 1)', ['1:6 AND or OR should come here']],
    ['a = 1 and', ['1:10 it ends where a name such as metrics.loss or state should come']],
    ["a = 'x", ["1:5 this ' is not closed"]],
    ['a = x', ['1:5 a value should come here']],
    ['started > 2026-11-01', ['1:11 2026-11-01 is no number']],
    ['a = 3px', ['1:5 3px is no number']],
    ['1 < a', ['1:1 a name such as metrics.loss or state should come here']],
    ['a in ()', ['1:7 a value should come here']],
    ['a in (1, 2', ['1:11 it ends where , or ) should come']],
    ['a is 1', ['1:6 NULL or NOT NULL should come here']],
    ['a not = 1', ['1:7 IN, LIKE, ILIKE or BETWEEN should come here']],
    [
      'a between 1 or 2',
      ['1:13 AND and the upper bound should come here', '1:16 a name such as metrics.loss or state should come here'],
    ],
    ['metrix.x > 1', ['1:1 "metrix" is none of metrics, params, tags, attributes, datasets']],
    ['avg(metrics.x) > 1', ['1:1 there is no function avg']],
    ['min(params.x) > 1', ['1:5 min is of metrics only']],
    ['a = 1; drop table x', ['1:6 AND or OR should come here']],
    // All at once, and where in which line.
    [
      "a = x and\n  metrics. = 1 or (b == 2 and c = 'ok') and d",
      [
        '1:5 a value should come here',
        '2:3 the key behind metrics. is missing',
        '2:22 equality is written with one =',
        '2:46 it ends where a comparison such as =, <, LIKE, IN or IS NULL should come',
      ],
    ],
  ])('refuses %s', (text, expected) => {
    expect(complaints(() => parseFilter(text))).toEqual(expected)
  })

  it('ends on what is deep, and on what is long', () => {
    expect(printed(parseFilter(`${'('.repeat(50)}a = 1${')'.repeat(50)}`))).toBe('a:a = 1')
    expect(complaints(() => parseFilter('('.repeat(90_000)))[0]).toMatch(/nested more than 100 deep/)
    expect(complaints(() => parseFilter('not '.repeat(20_000)))[0]).toMatch(/nested more than 100 deep/)
    expect(complaints(() => parseFilter(`a = '${'x'.repeat(100_000)}'`))[0]).toMatch(/characters long/)
    expect(parseFilter(Array.from({ length: 5000 }, (_, i) => `a = ${i}`).join(' or '))).toMatchObject({ kind: 'or' })
  })
})

describe('an order', () => {
  it.each([
    ['metrics.x', 'm:x asc'],
    ['metrics.`a b` DESC', 'm:a b desc'],
    ['attribute.start_time asc', 'a:start_time asc'],
    ['started desc', 'a:started desc'],
    ['min(metrics.x) desc', 'min(m:x) desc'],
  ])('%s', (text, expected) => {
    const { field, isDescending } = parseOrder(text)
    expect(`${fieldText(field)} ${isDescending ? 'desc' : 'asc'}`).toBe(expected)
  })

  it.each([
    ['', ['1:1 it ends where a name such as metrics.loss or state should come']],
    ['metrics.x down', ['1:11 ASC or DESC, and no more should come here']],
    ['metrics.x desc, a', ['1:15 ASC or DESC, and no more should come here']],
    ['metrics.', ['1:1 the key behind metrics. is missing']],
  ])('refuses "%s"', (text, expected) => {
    expect(complaints(() => parseOrder(text))).toEqual(expected)
  })
})
