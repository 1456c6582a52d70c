import { expect, test } from 'vitest'
import { gate } from './gate.ts'

const held = () => {
  let end = () => {}
  const until = new Promise<void>((resolve) => {
    end = resolve
  })
  return { until, end: () => end() }
}

test('who gives up makes room for another, and is never called', async () => {
  const one = gate({ running: 1, waiting: 1 })
  const { until, end } = held()
  const first = one.through(() => until)
  const stop = new AbortController()
  let isCalled = false
  const second = one.through(async () => {
    isCalled = true
  }, stop.signal)
  await expect(one.through(async () => {})).rejects.toMatchObject({ code: 'serve/busy' })
  stop.abort(new Error('too late'))
  await expect(second).rejects.toThrow('too late')
  expect([one.running, one.waiting]).toEqual([1, 0])
  const third = one.through(async () => 3)
  end()
  await first
  expect(await third).toBe(3)
  expect(isCalled).toBe(false)
  expect([one.running, one.waiting]).toEqual([0, 0])
})

test('who was called is not taken out of the queue by stopping later', async () => {
  const one = gate({ running: 1, waiting: 2 })
  const { until, end } = held()
  const first = one.through(() => until)
  const stop = new AbortController()
  const work = held()
  let isCalled = () => {}
  const called = new Promise<void>((resolve) => {
    isCalled = resolve
  })
  const second = one.through(() => {
    isCalled()
    return work.until
  }, stop.signal)
  const third = one.through(async () => 3)
  end()
  await first
  await called
  // It is at work by now, and the third is the only one that waits.
  stop.abort()
  expect([one.running, one.waiting]).toEqual([1, 1])
  work.end()
  await second
  expect(await third).toBe(3)
})

test('who came first is called first', async () => {
  const one = gate({ running: 1, waiting: 3 })
  const { until, end } = held()
  const order: number[] = []
  const all = [one.through(() => until), ...[1, 2, 3].map((n) => one.through(async () => void order.push(n)))]
  end()
  await Promise.all(all)
  expect(order).toEqual([1, 2, 3])
})
