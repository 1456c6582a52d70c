/** Key types, numeric columns, and rows of queries. */
import type { Entity, Numeric, RowOf } from '@viewcast/sdk'
import { project } from '@viewcast/sdk'
import { sql } from 'kysely'
import type { Equal, Expect } from './expect.ts'
import { airport, departures, p } from './flights.ts'

const visit = p.entity('visit', { person: 'int4', at: 'timestamptz', card: 'bigint', mood: 'mood' })

export type Assertions = [
  Expect<Equal<typeof visit, Entity<'visit', { person: number; at: Date; card: string; mood: string }>>>,
]

// numeric and int8 are text to a driver: as plain `string` they are categories, as `Numeric` they are numbers.
const shop = project<{ orders: { id: number; plain: string; amount: Numeric; paid: boolean } }>('shop')
const order = shop.entity('order', { id: 'int4' })
const orders = shop
  .featureView('orders', { entity: order })
  .query(({ db }) => db.selectFrom('orders').select(['id', 'plain', 'amount', 'paid']).where('amount', '>', 100))
orders.features({
  amount: { kind: 'numeric', fill: 0 },
  plain: { kind: 'category' },
  paid: { kind: 'boolean', fill: false },
})
// @ts-expect-error: '"numeric"' is not assignable to type '"category"'
orders.features({ plain: { kind: 'numeric' } })

// Counts, sums and means of Kysely are numeric without a cast, nullable or not.
p.windowView('w', { entity: airport })
  .query(({ db }) =>
    db
      .selectFrom('spine')
      .leftJoin('flights', 'flights.origin', 'spine.iata')
      .where('spine.as_of', '>', new Date(0))
      .groupBy(['spine.iata', 'spine.as_of'])
      .select(({ fn, eb }) => [
        'spine.iata',
        'spine.as_of',
        fn.countAll().as('n'),
        fn.sum('flights.delay').as('total'),
        fn.avg('flights.delay').as('mean'),
        fn.max('flights.delay').as('worst'),
        eb(fn.count('flights.id'), '>', 3).as('busy'),
        sql`1`.as('anything'),
      ]),
  )
  .features({
    n: { kind: 'numeric', fill: 0 },
    total: { kind: 'numeric' },
    mean: { kind: 'numeric' },
    worst: { kind: 'numeric' },
    busy: { kind: 'boolean', fill: false },
    anything: { kind: 'category' },
  })

// A whole statement in the sql tag carries its row as well.
const raw = p
  .featureView('raw', { entity: airport })
  .query(() => sql<{ iata: string; runways: number }>`select iata, count(*) as runways from runways group by 1`)
  .features({ runways: { kind: 'numeric', fill: 0 } })
const rawDataset = p.dataset('d', { sample: departures, features: [raw] })
export type RawRow = Expect<Equal<RowOf<typeof rawDataset>['runways'], number>>
