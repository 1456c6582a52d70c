import { expect, test } from 'vitest'
import { type AggregateBuilder, aggregateBuilder } from './aggregate.ts'
import { project } from './project.ts'

interface Flight {
  origin: string
  date: Date
  delay: number | null
  miles: string | number | bigint
  carrier: string
  cancelled: boolean
}
const a = aggregateBuilder as unknown as AggregateBuilder<Flight>

test('filters are plain data that add up, and a step changes nothing that was there before', () => {
  const all = a.count()
  const some = all.where('carrier', 'in', ['AA', 'UA']).where('delay', 'is not null')
  expect(all).toStrictEqual({ function: 'count', fill: 0 })
  expect(some).toStrictEqual({
    function: 'count',
    fill: 0,
    filters: [
      { column: 'carrier', operator: 'in', value: ['AA', 'UA'] },
      { column: 'delay', operator: 'is not null' },
    ],
  })
  expect(Object.isFrozen(some)).toBe(true)
})

test('what JSON lacks travels as text', () => {
  const { filters } = a
    .avg('delay')
    .where('date', '>=', new Date('2024-03-01T12:00Z'))
    .where('miles', '!=', 9007199254740993n)
    .where('delay', '<', Number.POSITIVE_INFINITY)
    .where('cancelled', '=', false)
  expect(filters).toEqual([
    { column: 'date', operator: '>=', value: '2024-03-01T12:00:00.000Z' },
    { column: 'miles', operator: '<>', value: '9007199254740993' },
    { column: 'delay', operator: '<', value: 'Infinity' },
    { column: 'cancelled', operator: '=', value: false },
  ])
})

test('a view of all of them is JSON, with metadata for every column', () => {
  const p = project<{ flights: Flight }>('flights')
  const airport = p.entity('airport', { origin: 'text' })
  const view = p.aggregates('late', {
    entity: airport,
    source: 'flights',
    time: 'date',
    sequence: ['carrier'],
    windows: { '90m': '90 minutes', ever: 'all' },
    features: (f) => ({
      late: f.ratio(f.count().where('delay', '>', 15), f.count('delay'), { fill: 0, description: 'share of late' }),
      carriers: f.countDistinct('carrier'),
      carrier: f.last('carrier', { fill: 'none' }),
    }),
  })
  expect(view.spec).toStrictEqual({
    source: { kind: 'relation', relation: { name: 'flights' } },
    keys: { origin: 'origin' },
    time: 'date',
    windows: { '90m': '90 minutes', ever: 'all' },
    aggregates: {
      late: {
        function: 'ratio',
        of: { function: 'count', fill: 0, filters: [{ column: 'delay', operator: '>', value: 15 }] },
        to: { function: 'count', column: 'delay', fill: 0 },
        fill: 0,
        description: 'share of late',
      },
      carriers: { function: 'countDistinct', column: 'carrier', fill: 0 },
      carrier: { function: 'last', column: 'carrier', fill: 'none' },
    },
    sequence: ['carrier'],
  })
  expect(JSON.parse(JSON.stringify(view.spec))).toStrictEqual(view.spec)
  expect(structuredClone(view.spec)).toStrictEqual(view.spec)
  expect(view.features).toEqual({
    late_90m: { kind: 'numeric', fill: 0, description: 'share of late, last 90 minutes' },
    late_ever: { kind: 'numeric', fill: 0, description: 'share of late, of all time' },
    carriers_90m: { kind: 'numeric', fill: 0 },
    carriers_ever: { kind: 'numeric', fill: 0 },
    carrier_90m: { fill: 'none' },
    carrier_ever: { fill: 'none' },
  })
})
