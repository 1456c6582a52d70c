/** Rows the type checker believes in, against rows a database describes: what agrees, and what each lie says. */
import type { Agreed, Differences } from '@viewcast/sdk'
import { sql } from 'kysely'
import type { Equal, Expect } from './expect.ts'
import { airport, type congestion, type departures, flight, type outcome, p, type profile } from './flights.ts'

type Airport = { iata: string; latitude: number; state: string | null; tier: 'hub' | 'spoke' }

export type Honest = [
  Agreed<Differences<'view "profile"', typeof profile, Airport>>,
  // Kysely's own averages and comparisons leave the null out; a dataset adds it.
  Agreed<
    Differences<
      'view "congestion"',
      typeof congestion,
      {
        iata: string
        as_of: Date
        flights_7d: string
        delay_avg_7d: string | null
        any_cancelled_7d: boolean | null
      }
    >
  >,
  Agreed<Differences<'target "outcome"', typeof outcome, { id: number; late15: boolean | null; delay: number | null }>>,
  Agreed<
    Differences<
      'sample "departures"',
      typeof departures,
      { id: number; as_of: Date; iata: string; dest: string; carrier: string; more: string }
    >
  >,
  // What is not proven is not held against it; a null that cannot be is no lie either.
  Agreed<Differences<'view "profile"', typeof profile, Airport & { latitude: number | null }, 'latitude'>>,
  Agreed<Differences<'view "profile"', typeof profile, Airport & { state: string }>>,
  // Nothing is known of a view in a file, nor by a checker that has given up.
  Agreed<Differences<'view "x"', ReturnType<typeof file>, { iata: number }>>,
  // biome-ignore lint/suspicious/noExplicitAny: what a broken module leaves
  Agreed<Differences<'view "x"', any, { iata: number }>>,
]
const file = () => p.sqlView('x', { entity: airport })

const view = p.featureView('v', { entity: airport })
const computed = view.query(({ db }) =>
  db.selectFrom('airports').select((eb) => [
    'iata',
    // A text that only the query narrows; numbers and truths it writes itself.
    eb.case().when('latitude', '>', 0).then('north').else('south').end().as('half'),
    eb.lit(1).as('one'),
    eb.lit(true).as('yes'),
    sql<unknown>`state`.as('anything'),
    sql<{ a: number }>`'{}'::jsonb`.as('doc'),
  ]),
)
type Computed = { iata: string; half: string; one: number; yes: boolean; anything: number | null; doc: unknown }
export type Written = [Agreed<Differences<'view "v"', typeof computed, Computed>>]

const lying = view.query(({ db }) =>
  db
    .selectFrom('airports')
    .select((eb) => [
      'iata',
      sql<number>`fare`.as('fare'),
      eb.ref('state').$notNull().as('state'),
      eb.ref('opened').$castTo<string>().as('opened'),
      eb.ref('tier').$castTo<'hub'>().as('tier'),
      sql<string>`3`.as('three'),
    ]),
)
type Real = { fare: string; state: string | null; opened: Date; tier: 'hub' | 'spoke'; three: number }
type Lies = Differences<'view "v"', typeof lying, Real>
export type Sentences = Expect<
  Equal<
    Lies,
    | 'view "v": the query returns no column "iata"'
    | 'view "v": column "fare" arrives as string; TypeScript says number'
    | 'view "v": column "state" can be null; TypeScript says it cannot'
    | 'view "v": column "opened" arrives as Date; TypeScript says string'
    | 'view "v": column "tier" arrives as one of its labels; TypeScript says hub'
    | 'view "v": column "three" arrives as number; TypeScript says string'
  >
>

const said = p
  .featureView('said', { entity: airport })
  .query(({ db }) => db.selectFrom('airports').select(['iata', sql<number>`fare`.as('fare')]))
  .features({ fare: { kind: 'numeric', fill: 0 } })
// @ts-expect-error: view "said": column "fare" arrives as string; TypeScript says number
export type Said = Agreed<Differences<'view "said"', typeof said, { iata: string; fare: string }>>

const asked = p
  .sample('asked', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(({ fn }) => ['id', fn.avg('delay').as('mean')]))
// @ts-expect-error: sample "asked": column "mean" can be null; TypeScript says it cannot
export type Asked = Agreed<Differences<'sample "asked"', typeof asked, { id: number; mean: string | null }>>
