/** Models of sizes that other shapes of SQL break on, run on every engine. */
import { type ModelRecord, rowScorer, ulpDistance, verificationQuery } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asIs, coefficient, levels, record, verifiedBy } from './scored-records.ts'

const many = (count: number): ModelRecord => {
  const names = Array.from({ length: count }, (_, i) => `x${i}`)
  const own = names.map((name, i) => coefficient(name, name, Math.sin(i)))
  return record('binomial', {
    inputs: names.map((n) => asIs(n)),
    coefficients: [coefficient('(intercept)', null, 0.5), ...own],
  })
}
const words = Array.from({ length: 2000 }, (_, i) => `level ${i}`)
const wide = record('gaussian', {
  inputs: [levels('state', words)],
  coefficients: [
    coefficient('(intercept)', null, 0.5),
    ...words.map((w, i) => coefficient(`state=${w}`, 'state', Math.cos(i))),
  ],
})
const classes = Array.from({ length: 50 }, (_, i) => `class ${i}`)
const fifty = record('multinomial', {
  classes,
  inputs: [asIs('x'), levels('state', words.slice(0, 20))],
  coefficients: classes
    .slice(1)
    .flatMap((c, k) => [
      coefficient('(intercept)', null, Math.sin(k), c),
      coefficient('x', 'x', Math.cos(k), c),
      ...words.slice(0, 20).map((w, i) => coefficient(`state=${w}`, 'state', Math.sin(k + i), c)),
    ]),
})

describeEachEngine('a model of a size', (engine) => {
  test.each<[string, ModelRecord, Record<string, number | string | null>[]]>([
    [
      '1,500 inputs',
      many(1500),
      [Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`x${i}`, Math.cos(i * 3)]))],
    ],
    ['2,000 levels', wide, [{ state: 'level 1999' }, { state: 'level 0' }, { state: 'none' }, { state: null }]],
    [
      '50 classes',
      fifty,
      [
        { x: 1.5, state: 'level 7' },
        { x: null, state: null },
        { x: -1e149, state: 'level 19' },
      ],
    ],
  ])('of %s', async (_, given, rows) => {
    const { sql, scores, expected } = verificationQuery(verifiedBy(given, rows))
    const found = await engine.db.query(sql)
    expect(found.rows).toHaveLength(rows.length)
    found.rows.forEach((row, r) => {
      scores.forEach((_name, k) => {
        expect(ulpDistance(row[1 + k] as number | null, expected[r]?.scores[k] ?? null)).toBe(0)
      })
    })
    expect(rowScorer(given).score(rows[0] ?? {}).scores).toHaveLength(scores.length)
  })
})
