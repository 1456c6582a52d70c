import { expect, test } from 'vitest'
import { createClassReader } from './classes.ts'

const read = (labels: readonly (number | string)[], training: readonly boolean[]) => {
  const reader = createClassReader()
  const texts: string[] = []
  const stored = labels.map((label, r) => {
    const raw =
      typeof label === 'number' ? label : texts.indexOf(label) >= 0 ? texts.indexOf(label) : texts.push(label) - 1
    const code = reader.code(raw)
    if (training[r]) reader.count(code, 1)
    return code
  })
  const isText = typeof labels[0] === 'string'
  const classes = reader.classes((y) => (isText ? (texts[y] as string) : String(y)), isText)
  return { names: classes.names, places: stored.map((code) => classes.places[code]) }
}

test('numbers are in their order, texts in that of their code points', () => {
  const all = [true, true, true, true, true]
  expect(read([10, 9, -1, 9, 10], all)).toEqual({ names: ['-1', '9', '10'], places: [2, 1, 0, 1, 2] })
  expect(read(['10', '9', '', 'é', 'Z'], all)).toEqual({ names: ['', '10', '9', 'Z', 'é'], places: [1, 2, 0, 4, 3] })
  // U+1F600 is two code units, the first of them below U+FFFD.
  expect(read(['\u{1f600}', '\u{fffd}'], all).names).toEqual(['\u{fffd}', '\u{1f600}'])
  expect(read(['ab', 'a'], all).names).toEqual(['a', 'ab'])
})

test('a class that only other parts have is none', () => {
  expect(read(['b', 'a', 'c'], [true, true, false])).toEqual({ names: ['a', 'b'], places: [1, 0, -1] })
})
