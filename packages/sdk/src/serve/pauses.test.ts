import { expect, test } from 'vitest'
import { pauses } from './pauses.ts'

test('what keeps failing is tried for fewer and fewer requests, and again for each once it answers', () => {
  const p = pauses()
  const until = () => {
    let n = 0
    while (!p.tries()) n++
    return n
  }
  const waits = Array.from({ length: 12 }, () => {
    p.failed()
    return until()
  })
  expect(waits).toEqual([1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1023, 1023])
  p.answered()
  expect([p.tries(), p.tries()]).toEqual([true, true])
  expect([p.failed(), p.failed()]).toEqual([true, false])
})
