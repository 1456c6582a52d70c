/** What target encoding is for: a category of many levels; and what it must not do: tell a row its own label. */
import type { LearnedInput, TargetSpec } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import type { Collected } from '../collect/collect.ts'
import { storedRows } from '../collect/stored-rows.ts'
import { createDesign } from './design.ts'
import { learnEncoders } from './encoders.ts'

const target: TargetSpec = { kind: 'target', smoothing: 0, folds: 5, minCount: 1, missing: 'level' }

function collectedOf(rows: readonly { level: string | null; label: number; weight?: number }[]): Collected {
  const { store, inputs } = storedRows(
    [{ name: 'c', type: 'text' }],
    rows.map(({ level, label, weight = 1 }) => ({ values: [level], label, weight })),
  )
  return {
    store,
    inputs,
    isWeighted: true,
    rows: { train: rows.length, test: 0, validation: 0 },
    leftOut: { censored: 0, gap: 0, unlabelled: 0, weightless: 0 },
    warnings: [],
  }
}

function column(collected: Collected, input: LearnedInput): number[] {
  return [...createDesign(collected, [input], 'train').blocks()].flatMap((b) => [...b.x.subarray(0, b.rows)])
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length
  const [mx, my] = [mean(x), mean(y)]
  const product = (a: readonly number[], ma: number, b: readonly number[], mb: number): number =>
    a.reduce((sum, v, i) => sum + (v - ma) * ((b[i] as number) - mb), 0)
  return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my))
}

function randomBit(i: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1)
  for (let round = 0; round < 3; round++) x = Math.imul(x ^ (x >>> 15), 0x85ebca6b)
  return (x >>> 13) & 1
}

/** A label that nothing predicts, and a category of about two rows a level. */
const noise = Array.from({ length: 2000 }, (_, i) => ({
  level: `level ${(i * 7919) % 1000}`,
  label: randomBit(i),
}))

test('a label that nothing predicts is not predicted, which the mean label of all rows would seem to do', () => {
  const collected = collectedOf(noise)
  const [input] = learnEncoders({ c: target }, collected).inputs
  if (input?.encoder.kind !== 'levels') throw new Error('not a target encoder')
  const values = new Map(
    input.encoder.levels.map((l, i) => [l, (input.encoder as { values: number[] }).values[i] ?? 0]),
  )
  const labels = noise.map((r) => r.label)
  const naive = correlation(
    noise.map((r) => values.get(r.level) ?? 0),
    labels,
  )
  const ours = correlation(column(collected, input), labels)
  expect(naive).toBeGreaterThan(0.5)
  expect(Math.abs(ours)).toBeLessThan(0.1)
})

test('the value of a row does not depend on its own label', () => {
  const rows = noise.slice(0, 200)
  const before = collectedOf(rows)
  const spec: TargetSpec = { ...target, smoothing: 3 }
  const encoded = column(before, learnEncoders({ c: spec }, before).inputs[0] as LearnedInput)
  for (const changed of [0, 57, 199]) {
    const after = collectedOf(rows.map((r, i) => (i === changed ? { ...r, label: 1 - r.label } : r)))
    const again = column(after, learnEncoders({ c: spec }, after).inputs[0] as LearnedInput)
    expect(again[changed]).toBe(encoded[changed])
    expect(again).not.toEqual(encoded)
  }
})

test('prediction has the weighted mean of all rows, drawn to the prior; missing values are a level of their own', () => {
  const collected = collectedOf([
    { level: 'a', label: 1, weight: 2 },
    { level: 'a', label: 0 },
    { level: 'b', label: 1 },
    { level: null, label: 0, weight: 4 },
  ])
  const spec: TargetSpec = { ...target, smoothing: 2, prior: 0.25, minCount: 2 }
  expect(learnEncoders({ c: spec }, collected).inputs[0]?.encoder).toEqual({
    kind: 'levels',
    by: 'target',
    levels: ['a'],
    values: [(2 + 2 * 0.25) / (3 + 2)],
    missing: (0 + 2 * 0.25) / (4 + 2),
    unseen: 0.25,
    outOfFold: { folds: 5, smoothing: 2, prior: 0.25 },
  })
})
