/** Random filters against their meaning, written down a second time. */
import { logBatch, openStore, type Store, searchRuns, startRun } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

type Truth = boolean | null
interface Row {
  readonly m: number | null
  readonly n: number | null
}
interface Tree {
  readonly text: string
  readonly holds: (row: Row) => Truth
}

const values = [null, -1, 0, 1, 2, Number.NaN, Number.POSITIVE_INFINITY] as const
/** Every pair of values is a run. */
const rows: readonly Row[] = values.flatMap((m) => values.map((n) => ({ m, n })))

function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b)),
  '!=': (a, b) => a !== b && !(Number.isNaN(a) && Number.isNaN(b)),
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}
const not = (t: Truth): Truth => (t === null ? null : !t)
const and = (a: Truth, b: Truth): Truth => (a === false || b === false ? false : a === null || b === null ? null : true)
const or = (a: Truth, b: Truth): Truth => not(and(not(a), not(b)))

function tree(random: (below: number) => number, depth: number): Tree {
  const kind = random(depth > 3 ? 3 : 7)
  const key = random(2) === 0 ? ('m' as const) : ('n' as const)
  if (kind === 0) return { text: `metrics.${key} IS NULL`, holds: (row) => row[key] === null }
  if (kind === 1) {
    const list = [random(3), random(3), Number.NaN].slice(random(3))
    const any = (v: number): boolean => list.some((l) => comparisons['=']?.(v, l))
    const isNot = random(2) === 0
    return {
      text: `metrics.${key} ${isNot ? 'NOT ' : ''}IN (${list.join(', ')})`,
      holds: (row) => (row[key] === null ? null : any(row[key]) !== isNot),
    }
  }
  if (kind === 2) {
    const operator = Object.keys(comparisons)[random(6)] as string
    const value = [-1, 0, 1, 2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][random(6)] as number
    return {
      text: `metrics.${key} ${operator} ${value}`,
      holds: (row) => (row[key] === null ? null : (comparisons[operator]?.(row[key], value) ?? null)),
    }
  }
  if (kind === 3) {
    const of = tree(random, depth + 1)
    return { text: `not (${of.text})`, holds: (row) => not(of.holds(row)) }
  }
  const [a, b] = [tree(random, depth + 1), tree(random, depth + 1)]
  return kind < 6
    ? { text: `(${a.text}) and (${b.text})`, holds: (row) => and(a.holds(row), b.holds(row)) }
    : { text: `(${a.text} or ${b.text})`, holds: (row) => or(a.holds(row), b.holds(row)) }
}

describeEachEngine('filters of runs', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    for (const [i, row] of rows.entries()) {
      const run = await startRun(store, { name: String(i) })
      const metrics = (['m', 'n'] as const).flatMap((name) => (row[name] === null ? [] : [{ name, value: row[name] }]))
      await logBatch(store, run.id, { metrics })
    }
  })

  test('mean what they say, whatever is missing or no number', async () => {
    const random = randomFrom(7)
    let some = 0
    for (let i = 0; i < 120; i++) {
      const { text, holds } = tree(random, 0)
      const { items } = await searchRuns(store, { filter: text, limit: 1000 })
      const wanted = rows.flatMap((row, at) => (holds(row) === true ? [at] : []))
      expect(
        items.map((run) => Number(run.name)).sort((a, b) => a - b),
        text,
      ).toEqual(wanted)
      if (wanted.length > 0 && wanted.length < rows.length) some++
    }
    // Filters that find all or nothing would say little.
    expect(some).toBeGreaterThan(60)
  })
})
