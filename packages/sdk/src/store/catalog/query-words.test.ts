import { expect, test } from 'vitest'
import { anyOf, wordGroups } from './query-words.ts'

const group = (words: string, exact = '') => ({ words, exact })

test.each([
  ['airp', [group("'airp':*")]],
  ['late delay', [group("'late':* & 'delay':*")]],
  ['delay_7d', [group("'delay':* & '7d':*")]],
  ['public.flights', [group("'public':* & 'flights':*")]],
  ['"state code" airport', [group("'airport':*", "('state' <-> 'code')")]],
  ['late or early', [group("'late':*"), group("'early':*")]],
  ['late airport OR early', [group("'late':* & 'airport':*"), group("'early':*")]],
  ['late -test -"a b"', [group("'late':*", "!('test':*) & !('a' <-> 'b')")]],
  ["o'neil \\ & | ! ( ) <-> :*", [group("'o':* & 'neil':*")]],
  ['"unclosed phrase', [group('', "('unclosed' <-> 'phrase')")]],
  ['Größe 東京', [group("'größe':* & '東京':*")]],
  ['or or', []],
  ['"" - -- "-"', []],
  ['', []],
])('%s asks for %j', (text, groups) => {
  expect(wordGroups(text)).toEqual(groups)
})

test('reads no further than a search goes', () => {
  expect(wordGroups('word '.repeat(10_000))[0]?.words.match(/word/g)).toHaveLength(60)
  expect(wordGroups('x'.repeat(100_000))[0]?.words.length).toBeLessThan(300)
})

test('words to show are those that are wanted, once', () => {
  expect(anyOf('late -test "state code" late')).toBe("'late':* | 'state':* | 'code':*")
})
