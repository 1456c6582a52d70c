/** A project that uses every part of the builder; its types are asserted in the files beside it. */
import { log1p, type Numeric, oneHot, project, standardize } from '@viewcast/sdk'
import { type Generated, sql } from 'kysely'

export interface DB {
  airports: { iata: string; latitude: number; state: string | null; tier: 'hub' | 'spoke'; opened: Date }
  flights: {
    id: Generated<number>
    origin: string
    dest: string
    date: Date
    filed_at: Date
    delay: number | null
    fare: Numeric
    cancelled: boolean
    carrier: string
  }
  'ops.weather': { station: string; observed: Date; reported: Date; wind: number; sky: string | null }
}

export const p = project<DB>('flights')

export const airport = p.entity('airport', { iata: 'text' }, { from: 'airports' })
export const flight = p.entity('flight', { id: 'int4' }, { from: 'flights' })

export const profile = p
  .featureView('profile', { entity: airport })
  .query(({ db }) => db.selectFrom('airports').select(['iata', 'latitude', 'state', 'tier']))
  .features({ state: { kind: 'category', fill: 'none', description: 'US state code' }, latitude: { kind: 'numeric' } })

export const weather = p
  .featureView('weather', { entity: airport, time: 'observed', knownAt: 'reported', maxAge: '6 hours' })
  .query(({ db }) => db.selectFrom('ops.weather').select(['station as iata', 'observed', 'reported', 'wind', 'sky']))
  .features({ wind: { kind: 'numeric', fill: 0 } })

export const congestion = p
  .windowView('congestion', { entity: airport })
  .query(({ db }) =>
    db
      .selectFrom('spine')
      .leftJoin('flights', (j) =>
        j
          .onRef('flights.origin', '=', 'spine.iata')
          .onRef('flights.date', '<', 'spine.as_of')
          .on(({ eb, ref }) => eb('flights.date', '>=', sql<Date>`${ref('spine.as_of')} - interval '7 days'`)),
      )
      .groupBy(['spine.iata', 'spine.as_of'])
      .select(({ fn }) => [
        'spine.iata',
        'spine.as_of',
        fn.count('flights.id').as('flights_7d'),
        fn.avg('flights.delay').as('delay_avg_7d'),
        fn.max('flights.cancelled').as('any_cancelled_7d'),
      ]),
  )
  .features({ flights_7d: { kind: 'numeric', fill: 0 }, any_cancelled_7d: { kind: 'boolean' } })

export const late = p.aggregates('late', {
  entity: airport,
  source: 'flights',
  keys: { iata: 'origin' },
  time: 'date',
  knownAt: 'filed_at',
  windows: { '1d': '1 day', '7d': '7 days' },
  features: (a) => ({ n: a.count(), delay: a.avg('delay', { fill: 0 }), fare: a.sum('fare') }),
})

export const cancelled = p.aggregates('cancelled', {
  entity: airport,
  source: ({ db }) => db.selectFrom('flights').select(['origin as iata', 'date as at']).where('cancelled', '=', true),
  time: 'at',
  windows: { '30d': '30 days' },
  features: (a) => ({ cancellations: a.count({ description: 'cancelled departures' }) }),
})

export const runway = p.sqlView('runway', { entity: airport }).features({
  length: { kind: 'numeric', fill: 1000 },
  surface: { kind: 'category' },
})

export const departures = p
  .sample('departures', { entity: flight, split: p.split.time({ test: '2001-01-12T00:00Z', gap: '1 day' }) })
  .query(({ db }) => db.selectFrom('flights').select(['id', 'date as as_of', 'origin as iata', 'dest', 'carrier']))

export const outcome = p
  .target('outcome', { entity: flight, horizon: '1 day' })
  .query(({ db }) => db.selectFrom('flights').select((eb) => ['id', eb('delay', '>', 15).as('late15'), 'delay']))

export const ds = p.dataset('departure', {
  sample: departures,
  target: outcome,
  features: [
    profile,
    profile.on({ iata: 'dest' }).pick('state', 'latitude').prefix('dest_'),
    weather,
    congestion,
    late.pick('n_7d', 'delay_7d', 'fare_7d'),
    cancelled,
    runway.prefix('runway_'),
  ],
})

export const model = p.model('delay15', { dataset: ds, family: 'logistic', label: 'late15', penalty: 1 }).inputs({
  wind: standardize({ impute: 'median' }),
  state: oneHot({ maxCategories: 20 }),
  n_7d: log1p(),
  any_cancelled_7d: 'auto',
  flights_7d: standardize(),
  carrier: oneHot(),
})
