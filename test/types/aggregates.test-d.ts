/** What declared windows refuse, and the types of what they give. */
import type { RowOf } from '@viewcast/sdk'
import type { Equal, Expect } from './expect.ts'
import { airport, departures, p } from './flights.ts'

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

const events = { entity: airport, source: 'flights', keys, time: 'date', windows } as const

/** All functions, with filters, over any window: types of the columns. */
const full = p.aggregates('full', {
  entity: airport,
  source: 'flights',
  keys,
  time: 'date',
  sequence: ['id'],
  windows: { '90m': '90 minutes', ever: 'all' },
  features: (a) => ({
    n: a.count().where('cancelled', '=', true).where('carrier', 'in', ['AA', 'UA']),
    carriers: a.countDistinct('carrier'),
    spread: a.stddev('delay'),
    scatter: a.variance('delay', { fill: 0 }),
    worst: a.max('delay').where('date', '>=', new Date(0)),
    late: a.ratio(a.count().where('delay', '>', 15), a.count('delay').where('delay', 'is not null')),
    fares: a.ratio(a.sum('fare').where('fare', '<', '10.50'), a.last('fare'), { fill: 0 }),
    carrier: a.last('carrier'),
    origin: a.first('origin', { fill: 'none' }).where('delay', 'is null'),
    gone: a.last('cancelled'),
    fare: a.last('fare'),
    when: a.first('date'),
  }),
})
type Full = RowOf<typeof fullDataset>
const fullDataset = p.dataset('full', { sample: departures, features: [full] })

export type Assertions = [
  Expect<Equal<Full['n_90m'], number>>,
  Expect<Equal<Full['carriers_ever'], number>>,
  Expect<Equal<Full['spread_ever'], number | null>>,
  Expect<Equal<Full['scatter_90m'], number>>,
  Expect<Equal<Full['worst_90m'], number | null>>,
  Expect<Equal<Full['late_ever'], number | null>>,
  Expect<Equal<Full['fares_ever'], number>>,
  Expect<Equal<Full['carrier_90m'], string | null>>,
  Expect<Equal<Full['origin_90m'], string>>,
  Expect<Equal<Full['gone_ever'], boolean | null>>,
  Expect<Equal<Full['fare_ever'], number | null>>,
  Expect<Equal<Full['when_ever'], Date | null>>,
]

// @ts-expect-error: '"canceled"' is not assignable
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('canceled', '=', true) }) })

// @ts-expect-error: Argument of type 'string' is not assignable to parameter of type 'boolean'
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('cancelled', '=', 'yes') }) })

// @ts-expect-error: Argument of type 'string' is not assignable to parameter of type 'number'
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('delay', '>', '15') }) })

// @ts-expect-error: Argument of type 'null' is not assignable to parameter of type 'number'
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('delay', '=', null) }) })

// @ts-expect-error: Argument of type 'number' is not assignable to parameter of type 'Date'
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('date', '>', 2001) }) })

// @ts-expect-error: Type 'number' is not assignable to type 'string'
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('carrier', 'in', [5]) }) })

// @ts-expect-error: Argument of type 'string' is not assignable to parameter of type 'readonly string[]'
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('carrier', 'in', 'AA') }) })

// @ts-expect-error: '"like"' is not assignable
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('carrier', 'like', 'A%') }) })

// @ts-expect-error: Expected 2 arguments, but got 3
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('delay', 'is null', null) }) })

// @ts-expect-error: Expected 3 arguments, but got 2
p.aggregates('a', { ...events, features: (a) => ({ n: a.count().where('delay', '=') }) })

// @ts-expect-error: '"carrier"' is not assignable
p.aggregates('a', { ...events, features: (a) => ({ n: a.stddev('carrier') }) })

// @ts-expect-error: '"date"' is not assignable
p.aggregates('a', { ...events, features: (a) => ({ n: a.max('date') }) })

// @ts-expect-error: is not assignable to parameter of type 'NumericMeasure'
p.aggregates('a', { ...events, features: (a) => ({ n: a.ratio(a.last('carrier'), a.count()) }) })

// @ts-expect-error: Type 'number' is not assignable to type 'string'
p.aggregates('a', { ...events, features: (a) => ({ n: a.last('carrier', { fill: 0 }) }) })

// @ts-expect-error: '"idd"' is not assignable
p.aggregates('a', { ...events, sequence: ['idd'], features: (a) => ({ n: a.last('carrier') }) })
