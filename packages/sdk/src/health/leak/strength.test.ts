import { describe, expect, test } from 'vitest'
import { strengthOf } from './strength.ts'

const n = 400
const rows = Array.from({ length: n }, (_, i) => i)
const label = rows.map((i) => (i % 2 === 0 ? 1 : 0))

describe('the strength of one column', () => {
  test('a column that orders the classes is perfect, in either direction', () => {
    expect(strengthOf(label, false, label)).toEqual({ measure: 'AUC', value: 1, of: 'value' })
    expect(
      strengthOf(
        label.map((y) => -y),
        false,
        label,
      ),
    ).toEqual({ measure: 'AUC', value: 1, of: 'value' })
  })

  test('AUC counts ties one half, as pairs counted one by one do', () => {
    const scores = rows.map((i) => (i * 7919) % 13)
    let wins = 0
    let pairs = 0
    for (const a of rows)
      for (const b of rows) {
        if (label[a] !== 1 || label[b] !== 0) continue
        pairs++
        const [x, y] = [scores[a] as number, scores[b] as number]
        wins += x > y ? 1 : x === y ? 0.5 : 0
      }
    const area = wins / pairs
    expect(strengthOf(scores, false, label)?.value).toBeCloseTo(Math.max(area, 1 - area), 12)
  })

  test('missing values are judged by their absence, the others by their value', () => {
    const told = rows.map((i) => (label[i] === 1 ? 5 : Number.NaN))
    expect(strengthOf(told, false, label)).toEqual({ measure: 'AUC', value: 1, of: 'presence' })
  })

  test('a label of many values is followed by rank, whatever the scale', () => {
    const amount = rows.map((i) => Math.exp(i / 10))
    expect(strengthOf(rows, false, amount)?.value).toBeCloseTo(1, 12)
    expect(strengthOf(rows, false, amount)?.measure).toBe('rank correlation')
  })

  test('a category is judged on rows its levels were not learned from', () => {
    expect(
      strengthOf(
        rows.map((i) => `id ${i}`),
        true,
        label,
      )?.value ?? 0.5,
    ).toBeLessThan(0.6)
    const levels = rows.map((i) => `level ${Math.floor(i / 4) % 2 === 0 ? 'a' : 'b'}`)
    const classes = rows.map((i) => (Math.floor(i / 4) % 2 === 0 ? 1 : 0))
    expect(strengthOf(levels, true, classes)?.value).toBe(1)
  })

  test('too few rows, one class or a constant say nothing', () => {
    expect(strengthOf([1, 2, 3], false, [0, 1, 0])).toBeUndefined()
    expect(
      strengthOf(
        rows.map(() => 3),
        false,
        label,
      ),
    ).toBeUndefined()
  })
})
