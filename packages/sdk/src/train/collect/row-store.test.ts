import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isViewcastError } from '@viewcast/compiler'
import { afterAll, describe, expect, test } from 'vitest'
import { createRowStore, type RowStore } from './row-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'viewcast-test-'))
afterAll(() => rmSync(directory, { recursive: true }))

const read = (store: RowStore): number[] => {
  const all: number[] = []
  for (const { rows, values } of store.blocks()) all.push(...values.subarray(0, rows * store.width))
  return all
}

describe.each([
  ['in memory', {}],
  ['in a file', { memoryBudgetBytes: 0, directory }],
  ['first in memory, then in a file', { memoryBudgetBytes: 300_000, directory }],
])('rows %s', (name, options) => {
  test.each([0, 1, 4095, 4096, 4097, 20_000])('%d of them come back, any number of times', (rows) => {
    const store = createRowStore(3, options)
    const expected: number[] = []
    for (let r = 0; r < rows; r++) {
      const row = [r, r % 7 === 0 ? Number.NaN : -r / 3, r % 11 === 0 ? Number.POSITIVE_INFINITY : 1e-300]
      expected.push(...row)
      store.append(row)
    }
    expect(store.rows).toBe(rows)
    expect(store.isSpooled).toBe(name !== 'in memory' && rows >= (name === 'in a file' ? 4096 : 8192))
    expect(read(store)).toEqual(expected)
    expect(read(store)).toEqual(expected)
    store.dispose()
    store.dispose()
  })
})

test('rows of no numbers are counted', () => {
  const store = createRowStore(0)
  for (let r = 0; r < 5000; r++) store.append([])
  expect([...store.blocks()].reduce((s, b) => s + b.rows, 0)).toBe(5000)
})

test('two readers do not disturb each other', () => {
  const store = createRowStore(1, { memoryBudgetBytes: 0, directory })
  for (let r = 0; r < 10_000; r++) store.append([r])
  const a = store.blocks()[Symbol.iterator]()
  const b = store.blocks()[Symbol.iterator]()
  a.next()
  const second = a.next().value
  b.next()
  expect(second?.values[0]).toBe(4096)
  store.dispose()
})

test('leaves no file behind', () => {
  const store = createRowStore(1, { memoryBudgetBytes: 0, directory })
  for (let r = 0; r < 10_000; r++) store.append([r])
  store.dispose()
  expect(readdirSync(directory)).toEqual([])
})

test('says where it could not write', () => {
  const missing = join(directory, 'missing')
  const store = createRowStore(1, { memoryBudgetBytes: 0, directory: missing })
  try {
    for (let r = 0; r < 4096; r++) store.append([r])
    expect.unreachable()
  } catch (e) {
    if (!isViewcastError(e)) throw e
    expect(e.diagnostics[0]?.code).toBe('train/spool')
    expect(e.message).toContain(missing)
  }
})
