import { describe, expect, test } from 'vitest'
import { sharedNumbers } from '../shared-numbers.ts'
import { beginSums } from './block-sums.js'
import { designSums } from './design-sums.ts'
import type { Block, Design } from './fit.ts'
import { createWorkspace } from './kernels.ts'
import { endThreads, startThreads } from './pass-threads.ts'

const width = 5
const sizes = [4096, 4096, 1, 30_000, 4095, 2000, 40_000, 4096, 777]

/** Rows that are the same each time, in blocks of uneven size. */
function shared(isWeighted: boolean): Design & { readonly all: readonly Block[] } {
  let seed = 7
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  const all = sizes.map((rows): Block => {
    const x = sharedNumbers(rows * width).map(() => random() * 3 - 1)
    const [y, weight] = [sharedNumbers(rows), sharedNumbers(rows)]
    const ofShared = sharedNumbers(x.length)
    ofShared.set(x)
    for (let r = 0; r < rows; r++) {
      y[r] = random() < 0.4 ? 1 : 0
      weight[r] = 0.5 + random()
    }
    return { rows, x: ofShared, y, ...(isWeighted ? { weight } : {}) }
  })
  return {
    columns: ['a', 'b', 'c', 'd', 'e'],
    rows: sizes.reduce((a, b) => a + b, 0),
    isKept: true,
    blocks: () => all,
    all,
  }
}
const shift = Float64Array.of(0, 0.25, 0, -1, 0)
const theta = Float64Array.of(0.1, -0.4, 1.5, 0.01, -2, 0.7)

describe.each(['logistic', 'squares'] as const)('%s sums', (kind) => {
  test.each([false, true])('are the same bits on any number of threads (weighted: %s)', async (isWeighted) => {
    const design = shared(isWeighted)
    const alone = await designSums(design, kind, shift, { threads: 0 })(theta, true)
    for (const threads of [1, 3]) {
      const many = designSums(design, kind, shift, { threads })
      for (let pass = 0; pass < 4; pass++) expect(await many(theta, true)).toEqual(alone)
      const { products: _, ...withoutProducts } = alone
      expect(await many(theta, false)).toEqual(withoutProducts)
    }
    endThreads(design)
    // Blocks that are only valid for a moment are summed in the same groups.
    const transient = { ...design, isKept: false }
    expect(await designSums(transient, kind, shift, { threads: 3 })(theta, true)).toEqual(alone)
  })

  test('of a thread are those of this one, and an end leaves nobody waiting', async () => {
    const design = shared(true)
    const groups = design.all.map((block) => [block])
    const threads = startThreads({ width, shift, kind, groups }, 1, design)
    if (threads === undefined) throw new Error('no thread could be started')
    const theirs = await threads.begin(theta, true).results()
    const workspace = createWorkspace(width, shift)
    expect(theirs.size).toBe(groups.length)
    for (const [i, block] of design.all.entries()) {
      const own = beginSums(workspace, kind, theta, true)
      own.add(block)
      expect(theirs.get(i)).toEqual(own.end())
    }
    const pass = threads.begin(theta, true)
    endThreads(design)
    expect((await pass.results()).size).toBeLessThanOrEqual(groups.length)
  })
})

test('a pass goes on without threads that were ended, and stops by its signal', async () => {
  const design = shared(false)
  const stop = new AbortController()
  const sums = designSums(design, 'logistic', shift, { threads: 2, signal: stop.signal })
  const before = await sums(theta, true)
  endThreads(design)
  expect(await sums(theta, true)).toEqual(before)
  stop.abort()
  await expect(sums(theta, true)).rejects.toThrow('engine/interrupted')
})

test('a design that no thread can read, and one without rows', async () => {
  const design = shared(false)
  const own = design.all.map((b) => ({ ...b, x: Float64Array.from(b.x), y: Float64Array.from(b.y) }))
  const expected = await designSums(design, 'logistic', shift, { threads: 0 })(theta, true)
  const sums = designSums({ ...design, blocks: () => own }, 'logistic', shift, { threads: 2 })
  expect(await sums(theta, true)).toEqual(expected)
  const none = designSums({ ...design, rows: 0, blocks: () => [] }, 'squares', shift, { threads: 2 })
  expect(await none(theta, false)).toEqual({ value: 0, logWeights: 0, furthest: 0, vector: new Float64Array(6) })
})
