/** What declared windows refuse. */
import { airport, p } from './flights.ts'

const windows = { '7d': '7 days' } as const
const keys = { iata: 'origin' } as const

const { aggregates } = p
// @ts-expect-error: '"flight"' is not assignable
aggregates('a', { entity: airport, source: 'flight', keys, time: 'date', windows, features: (a) => ({ n: a.count() }) })

p.aggregates('a', {
  entity: airport,
  source: 'flights',
  keys,
  // @ts-expect-error: '"dates"' is not assignable
  time: 'dates',
  windows,
  features: (a) => ({ n: a.count() }),
})

p.aggregates('a', {
  entity: airport,
  source: 'flights',
  keys,
  time: 'date',
  // @ts-expect-error: '"known"' is not assignable
  knownAt: 'known',
  windows,
  features: (a) => ({ n: a.count() }),
})

p.aggregates('a', {
  entity: airport,
  source: 'flights',
  // @ts-expect-error: "orgin"
  keys: { iata: 'orgin' },
  time: 'date',
  windows,
  features: (a) => ({ n: a.count() }),
})

// @ts-expect-error: the events have no column "iata"
p.aggregates('a', { entity: airport, source: 'flights', time: 'date', windows, features: (a) => ({ n: a.count() }) })

p.aggregates('a', {
  entity: airport,
  source: 'flights',
  keys,
  time: 'date',
  // @ts-expect-error: '"1 month"' is not assignable
  windows: { '1m': '1 month' },
  features: (a) => ({ n: a.count() }),
})

p.aggregates('a', {
  entity: airport,
  source: 'flights',
  keys,
  time: 'date',
  windows,
  // @ts-expect-error: '"carrier"' is not assignable
  features: (a) => ({ n: a.sum('carrier') }),
})

p.aggregates('a', {
  entity: airport,
  source: ({ db }) => db.selectFrom('flights').select(['origin as iata', 'date as at', 'delay']),
  // @ts-expect-error: Type '"date"' is not assignable to type 'ColumnOf<{ at: Date
  time: 'date',
  windows,
  features: (a) => ({ n: a.avg('delay') }),
})

p.aggregates('a', {
  entity: airport,
  source: ({ db }) => db.selectFrom('flights').select(['origin as iata', 'date', 'delay']),
  time: 'date',
  windows,
  // @ts-expect-error: '"fare"' is not assignable
  features: (a) => ({ n: a.avg('fare') }),
})

p.aggregates('a', {
  entity: airport,
  source: 'flights',
  keys,
  time: 'date',
  windows,
  // @ts-expect-error: Type 'string' is not assignable to type 'number'
  features: (a) => ({ n: a.avg('delay', { fill: 'x' }) }),
})
