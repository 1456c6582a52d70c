import { expect, it } from 'vitest'
import { parseEntity } from './entity.ts'
import { UsageError } from './usage.ts'

it.each([
  ['customer=customer_id', { name: 'customer', keys: [{ name: 'customer_id' }] }],
  ['route = origin:text, dest', { name: 'route', keys: [{ name: 'origin', type: 'text' }, { name: 'dest' }] }],
  ['person=Key:double precision', { name: 'person', keys: [{ name: 'Key', type: 'double precision' }] }],
])('reads %s', (value, entity) => {
  expect(parseEntity(value)).toEqual(entity)
})

it.each(['customer', '=id', 'customer=', 'route=origin,', 'customer=:int4', 'customer=id:', ''])(
  'refuses "%s"',
  (value) => {
    expect(() => parseEntity(value)).toThrow(UsageError)
  },
)
