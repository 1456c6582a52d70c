import { expect, test } from 'vitest'
import { csvRecords } from './csv-records.ts'

test('reads quotes, line ends within them, and what is missing', () => {
  const text = '\uFEFFid,name,label\r\n1,"a ""b"",\nc",true\n\n2,,""\n3,x,'
  expect(csvRecords(text, 'f.csv')).toEqual([
    { id: '1', name: 'a "b",\nc', label: 'true' },
    { id: '2', name: null, label: '' },
    { id: '3', name: 'x', label: null },
  ])
  expect(csvRecords('id,label\n', 'f.csv')).toEqual([])
})

test.each([
  ['', 'f.csv is empty'],
  ['id,id\n1,2', '"id" twice'],
  ['id,\n1,2', 'a column without a name'],
  ['id,label\n1', 'record 1 has 1 values, and there are 2 columns'],
  ['id,label\n1,"x', 'a quote where none can be'],
  ['id,label\n1,x"y"', 'a quote where none can be'],
])('refuses %j', (text, message) => {
  expect(() => csvRecords(text, 'f.csv')).toThrow(message)
})
