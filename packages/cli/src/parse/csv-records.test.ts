import { expect, test } from 'vitest'
import { type CsvRecord, csvRecords } from './csv-records.ts'

async function all(chunks: Iterable<string>): Promise<CsvRecord[]> {
  const found: CsvRecord[] = []
  for await (const record of csvRecords(chunks, 'f.csv')) found.push(record)
  return found
}

const text = '\uFEFFid,name,label\r\n1,"a ""b"",\r\nc",true\n\n2,,""\n3,x,'
const records = [
  { id: '1', name: 'a "b",\r\nc', label: 'true' },
  { id: '2', name: null, label: '' },
  { id: '3', name: 'x', label: null },
]

test('reads quotes, line ends within them, and what is missing', async () => {
  expect(await all([text])).toEqual(records)
  expect(await all(['id,label\n'])).toEqual([])
  expect(await all(['id\r1\r2'])).toEqual([{ id: '1' }, { id: '2' }])
})

test('reads the same wherever the text is cut', async () => {
  expect(await all([...text])).toEqual(records)
  for (let i = 0; i <= text.length; i++) expect(await all([text.slice(0, i), text.slice(i)])).toEqual(records)
})

test('keeps no more of a long file than its last record', async () => {
  let yielded = 0
  function* long() {
    yield 'id,label\n'
    for (let i = 0; i < 2000; i++) {
      // What came before was read before more is asked for.
      expect(yielded).toBe(i * 100)
      yield `${i},"true"\n`.repeat(100)
    }
  }
  for await (const _ of csvRecords(long(), 'f.csv')) yielded++
  expect(yielded).toBe(200_000)
})

test('finds a quote that is not closed before the file is in memory', async () => {
  let given = 0
  function* endless() {
    yield 'id,label\n1,2\n3,"x\n'
    for (;;) {
      given += 1
      yield 'y,\n'.repeat(500_000)
    }
  }
  await expect(all(endless())).rejects.toThrow('record 2 does not end')
  expect(given).toBeLessThan(20)
})

test.each([
  ['', 'f.csv is empty'],
  ['\uFEFF', 'f.csv is empty'],
  ['\n\n', 'f.csv is empty'],
  ['id,id\n1,2', '"id" twice'],
  ['id,\n1,2', 'a column without a name'],
  ['id,label\n1', 'record 1 has 1 values, and there are 2 columns'],
  ['id,label\n1,"x', 'record 1 has a quote where none can be'],
  ['id,label\n1,x"y"', 'record 1 has a quote where none can be'],
  ['id,label\n1,2\n3,x"y"\n', 'record 2 has a quote where none can be'],
])('refuses %j', async (wrong, message) => {
  await expect(all([wrong])).rejects.toThrow(message)
  await expect(all([...wrong])).rejects.toThrow(message)
})
