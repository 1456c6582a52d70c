/** The declarations of the example; `project.ts` exports them for the first days of 2001. */
import { oneHot, project, standardize } from '@viewcast/sdk'
import { type Kysely, sql } from 'kysely'
import type { DB } from './db.ts'

export interface Period {
  /** Flights before it only serve as history. */
  readonly from: string
  /** Flights from here on are held out. */
  readonly test: string
  /** One flight in so many is in the sample, chosen by its number. */
  readonly oneIn: number
}

/** A flight is late when it arrives 15 minutes behind its schedule, or more. */
const late = 15

// A delay is known once the flight has landed, not when it took off: every history is over `landed_at`, strictly before the
// instant asked about. The flag is an integer because sums of integers are exact whatever their order.
const landed = ({ db }: { db: Kysely<DB> }) =>
  db
    .selectFrom('flights')
    .select(['origin', 'destination', 'landed_at', 'delay', sql<number>`(delay >= ${sql.lit(late)})::int4`.as('late')])

const windows = { '3h': '3 hours', '1d': '1 day', '7d': '7 days' } as const

export function declare(period: Period) {
  const p = project<DB>('flight-delays')

  const airport = p.entity('airport', { iata: 'text' }, { from: 'airports' })
  const route = p.entity('route', { origin: 'text', destination: 'text' }, { from: 'routes' })
  const flight = p.entity('flight', { flight: 'int8' })

  const place = p
    .featureView('place', { entity: airport })
    .query(({ db }) => db.selectFrom('airports').select(['iata', 'state', 'latitude', 'longitude']))
    .features({
      state: { kind: 'category', description: 'US state' },
      latitude: { kind: 'numeric', unit: 'degrees' },
      longitude: { kind: 'numeric', unit: 'degrees' },
    })

  const clock = p
    .windowView('clock', { entity: route })
    .query(({ db }) =>
      db
        .selectFrom('spine')
        .leftJoin('airports as a', 'a.iata', 'spine.origin')
        .select([
          'spine.origin',
          'spine.destination',
          'spine.as_of',
          sql<string>`extract(hour from spine.as_of at time zone a.time_zone)::int4::text`.as('hour'),
          sql<string>`extract(isodow from spine.as_of at time zone a.time_zone)::int4::text`.as('weekday'),
        ]),
    )
    .features({ hour: { kind: 'category', description: 'hour of the day at the origin' } })

  const departures = p.aggregates('departures', {
    entity: airport,
    source: landed,
    keys: { iata: 'origin' },
    time: 'landed_at',
    windows,
    features: (a) => ({ n: a.count(), late: a.avg('late'), delay: a.avg('delay') }),
  })

  const arrivals = p.aggregates('arrivals', {
    entity: airport,
    source: landed,
    keys: { iata: 'destination' },
    time: 'landed_at',
    windows,
    features: (a) => ({ n: a.count(), late: a.avg('late'), delay: a.avg('delay') }),
  })

  // The same over a route, as a window view of one's own: any query over `spine`.
  const history = p
    .windowView('route_history', { entity: route })
    .query(({ db }) =>
      db
        .selectFrom('spine')
        .leftJoin('flights as f', (join) =>
          join
            .onRef('f.origin', '=', 'spine.origin')
            .onRef('f.destination', '=', 'spine.destination')
            .onRef('f.landed_at', '<', 'spine.as_of')
            .on(sql<boolean>`f.landed_at >= spine.as_of - interval '168 hours'`),
        )
        .groupBy(['spine.origin', 'spine.destination', 'spine.as_of'])
        .select(({ fn }) => [
          'spine.origin',
          'spine.destination',
          'spine.as_of',
          fn.avg('f.delay').as('route_delay_7d'),
        ]),
    )
    .features({ route_delay_7d: { kind: 'numeric', unit: 'minutes' } })

  const takeoffs = p.sample('takeoffs', { entity: route, split: p.split.time({ test: period.test }) }).query(({ db }) =>
    db
      .selectFrom('flights')
      .select(['id as flight', 'origin', 'destination', 'distance', 'departed_at as as_of'])
      .where('departed_at', '>=', sql<Date>`timestamptz ${sql.lit(period.from)}`)
      .where(sql<boolean>`id % ${sql.lit(period.oneIn)} = 0`),
  )

  const outcome = p
    .target('outcome', { entity: flight })
    .query(({ db }) =>
      db.selectFrom('flights').select(({ eb }) => ['id as flight', eb('delay', '>=', late).as('late15')]),
    )

  const places = [
    place.on({ iata: 'origin' }).prefix('origin_'),
    place.on({ iata: 'destination' }).prefix('destination_'),
  ] as const

  const delays = p.dataset('delays', {
    sample: takeoffs,
    target: outcome,
    features: [
      ...places,
      clock,
      departures.on({ iata: 'origin' }).prefix('origin_out_'),
      arrivals.on({ iata: 'origin' }).prefix('origin_in_'),
      arrivals.on({ iata: 'destination' }).prefix('destination_in_'),
      history,
    ],
  })

  // The same rows without any history: what the history has to beat.
  const timetable = p.dataset('timetable', { sample: takeoffs, target: outcome, features: [...places, clock] })

  const known = {
    distance: standardize(),
    origin_state: oneHot({ maxCategories: 15 }),
    destination_state: oneHot({ maxCategories: 15 }),
    origin_latitude: standardize(),
    origin_longitude: standardize(),
    destination_latitude: standardize(),
    destination_longitude: standardize(),
    // Hours with a handful of flights, none of them late, would separate the classes.
    hour: oneHot({ maxCategories: 24, minCount: 200 }),
    weekday: oneHot(),
  }

  const delay15 = p.model('delay15', { dataset: delays, family: 'logistic', label: 'late15' }).inputs({
    ...known,
    origin_out_late_3h: standardize(),
    origin_out_late_1d: standardize(),
    origin_out_late_7d: standardize(),
    origin_out_delay_3h: standardize(),
    origin_in_late_3h: standardize(),
    origin_in_late_1d: standardize(),
    origin_in_delay_3h: standardize(),
    destination_in_late_3h: standardize(),
    destination_in_late_1d: standardize(),
    destination_in_late_7d: standardize(),
    destination_in_delay_3h: standardize(),
    route_delay_7d: standardize(),
  })

  const delay15Timetable = p
    .model('delay15_timetable', { dataset: timetable, family: 'logistic', label: 'late15' })
    .inputs(known)

  return {
    airport,
    route,
    flight,
    place,
    clock,
    departures,
    arrivals,
    history,
    takeoffs,
    outcome,
    delays,
    timetable,
    delay15,
    delay15Timetable,
  }
}
