import { expect, test } from 'vitest'
import { instant, instantOfDate } from './instant.ts'

test.each([
  ['2001-02-01T12:00Z', '2001-02-01 12:00:00+00'],
  ['2001-02-01T13:00:00+01:00', '2001-02-01 12:00:00+00'],
  ['2001-01-01 00:30:15.120-0130', '2001-01-01 02:00:15.12+00'],
  ['2001-02-01 12:00:00.123456+00', '2001-02-01 12:00:00.123456+00'],
  ['2000-02-29t00:00z', '2000-02-29 00:00:00+00'],
  ['0099-01-01T00:00Z', '0099-01-01 00:00:00+00'],
  ['12345-01-01T00:00Z', '12345-01-01 00:00:00+00'],
])('%s is %s', (text, printed) => expect(instant(text)).toBe(printed))

test.each([
  '2001-02-01',
  '2001-02-01T12:00',
  '2001-02-30T12:00Z',
  '2001-13-01T12:00Z',
  '2001-02-01T24:00Z',
  '2001-02-01T12:60Z',
  '2001-02-01T12:00+16',
  '0000-01-01T00:00Z',
  '999999-01-01T00:00Z',
  'yesterday',
  '',
])('%s is not an instant', (text) => expect(instant(text)).toBeUndefined())

test('a Date is printed in UTC with its milliseconds', () => {
  expect(instantOfDate(new Date('2001-02-01T12:00:00.120Z'))).toBe('2001-02-01 12:00:00.12+00')
  expect(instantOfDate(new Date('0000-06-01T00:00:00Z'))).toBe('0001-06-01 00:00:00+00 BC')
  expect(instantOfDate(new Date(Number.NaN))).toBeUndefined()
  expect(instantOfDate(new Date('-005000-01-01T00:00:00Z'))).toBeUndefined()
})
