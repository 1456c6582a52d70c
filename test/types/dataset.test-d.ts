/** The row of a dataset, and what a dataset refuses. */
import type { RowOf } from '@viewcast/sdk'
import type { SqlBool } from 'kysely'
import type { Equal, Expect } from './expect.ts'
import { airport, congestion, departures, type ds, flight, late, outcome, p, profile, weather } from './flights.ts'

type Row = RowOf<typeof ds>

export type Assertions = [
  // The sample, as it is.
  Expect<
    Equal<
      Pick<Row, 'id' | 'as_of' | 'iata' | 'dest' | 'carrier'>,
      { id: number; as_of: Date; iata: string; dest: string; carrier: string }
    >
  >,
  // Joined columns may be null, unless they declare a fill.
  Expect<Equal<Row['latitude'], number | null>>,
  Expect<Equal<Row['state'], string>>,
  Expect<Equal<Row['tier'], 'hub' | 'spoke' | null>>,
  Expect<Equal<Row['wind'], number>>,
  Expect<Equal<Row['delay_avg_7d'], string | number | null>>,
  Expect<Equal<Row['any_cancelled_7d'], boolean | null>>,
  // A count is never null; a mean is not with a fill; a sum may be.
  Expect<Equal<Row['n_7d'], number>>,
  Expect<Equal<Row['delay_7d'], number>>,
  Expect<Equal<Row['fare_7d'], number | null>>,
  Expect<Equal<Row['cancellations_30d'], number>>,
  // Renamed by a prefix, in whatever order the steps were taken.
  Expect<Equal<Row['dest_state'], string>>,
  Expect<Equal<Row['dest_latitude'], number | null>>,
  // Declared columns of a file.
  Expect<Equal<Row['runway_length'], number>>,
  Expect<Equal<Row['runway_surface'], string | null>>,
  // Labels are null where the target has no row.
  Expect<Equal<Row['late15'], SqlBool | null>>,
  Expect<Equal<Row['delay'], number | null>>,
  // Nothing else: times, keys of views and unpicked columns are left out.
  Expect<Equal<Extract<keyof Row, 'observed' | 'reported' | 'n_1d' | 'dest_tier' | 'opened'>, never>>,
]

const parts = { sample: departures, target: outcome } as const

const destination = profile.pick('latitude').on({ iata: 'dest' })
// @ts-expect-error: the dataset has two columns "latitude"; use .prefix(…) or .pick(…)
p.dataset('d', { ...parts, features: [profile, late, destination] })

const dest = p.existingView('x', { entity: airport }).features({ dest: { kind: 'category' } })
// @ts-expect-error: the dataset has two columns "dest"
p.dataset('d', { ...parts, features: [dest] })

const delay = p.existingView('x', { entity: airport }).features({ delay: { kind: 'numeric' } })
// @ts-expect-error: the dataset has two columns "delay"
p.dataset('d', { ...parts, features: [delay] })

// @ts-expect-error: the sample has no column "destination" to join on
p.dataset('d', { ...parts, features: [profile.on({ iata: 'destination' })] })

const timeless = p
  .sample('t', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(['id', 'origin as iata']))

p.dataset('d', { sample: timeless, features: [profile] })
// @ts-expect-error: the view needs an instant, but the sample does not return as_of
p.dataset('d', { sample: timeless, features: [weather] })
// @ts-expect-error: the view needs an instant, but the sample does not return as_of
p.dataset('d', { sample: timeless, features: [profile, congestion] })

// @ts-expect-error: the sample must return the column "id"
p.sample('s', { entity: flight }).query(({ db }) => db.selectFrom('flights').select(['date as as_of']))

// @ts-expect-error: the sample must return the column "weight"
p.sample('s', { entity: flight, weight: 'weight' }).query(({ db }) => db.selectFrom('flights').select(['id']))

// @ts-expect-error: the target must return the key "id"
p.target('t', { entity: flight }).query(({ db }) => db.selectFrom('flights').select(['delay']))

// @ts-expect-error: '"1 month"' is not assignable
p.target('t', { entity: flight, horizon: '1 month' })

// @ts-expect-error: "id" is a key; the entity gives its type
p.sample('s', { entity: flight }).existing('vw_TrainSample').columns({ id: 'int4' })

// @ts-expect-error: "id" is a key, not a label
p.target('t', { entity: flight }).existing('vw_Outcome').label({ id: 'int4' })

// @ts-expect-error: Property 'split' is missing in type 'Target<
p.dataset('d', { sample: outcome, features: [profile] })

// Columns of a sample in the database are unknown until they are declared: then what is missing is an error.
const existing = p.sample('e', { entity: flight }).existing('vw_TrainSample')
p.dataset('d', { sample: existing, features: [profile, weather] })
p.dataset('d', { sample: existing.columns({ iata: 'text', as_of: 'timestamptz' }), features: [profile, weather] })
// @ts-expect-error: the sample has no column "iata" to join on
p.dataset('d', { sample: existing.columns({ as_of: 'timestamptz' }), features: [profile] })

// Outcomes over events: labels by their functions, null where the target has no row.
const churn = p.target('churn', { entity: airport, horizon: '30 days' }).outcomes({
  source: 'flights',
  keys: { iata: 'origin' },
  time: 'date',
  labels: (o) => ({
    quiet: o.notExists(),
    n: o.count('carrier').where('delay', '>', 15),
    delay_30d: o.avg('delay'),
    fare_30d: o.sum('fare', { fill: 0 }),
    carrier_30d: o.first('carrier'),
  }),
})
const churned = p.dataset('d', { sample: departures, target: churn, features: [profile] })
type Churned = RowOf<typeof churned>
export type Outcomes = [
  Expect<Equal<Churned['quiet'], boolean | null>>,
  Expect<Equal<Churned['n'], number | null>>,
  Expect<Equal<Churned['delay_30d'], number | null>>,
  Expect<Equal<Churned['fare_30d'], number | null>>,
  Expect<Equal<Churned['carrier_30d'], string | null>>,
]
p.model('m', { dataset: churned, family: 'logistic', label: 'quiet' })

const lateTarget = p.target('late', { entity: airport, horizon: '1 day' })
const events = { source: 'flights', keys: { iata: 'origin' }, time: 'date' } as const
// @ts-expect-error: the events have no column "iata"
lateTarget.outcomes({ source: 'flights', time: 'date', labels: (o) => ({ n: o.count() }) })
// @ts-expect-error: '"dat"' is not assignable
lateTarget.outcomes({ ...events, time: 'dat', labels: (o) => ({ n: o.count() }) })
// @ts-expect-error: '"carrier"' is not assignable
lateTarget.outcomes({ ...events, labels: (o) => ({ n: o.sum('carrier') }) })
// @ts-expect-error: '"delai"' is not assignable
lateTarget.outcomes({ ...events, labels: (o) => ({ n: o.exists().where('delai', '>', 1) }) })
// @ts-expect-error: '"sometimes"' is not assignable
p.target('late', { entity: airport, horizon: '1 day', censored: 'sometimes' })
// @ts-expect-error: '[]' is not assignable
p.split.group({ by: [], test: 0.2 })

// Request views: the sample brings in training what the question brings in prediction.
const fare = p.requestView('fare', { columns: { carrier: 'text', seats: 'int8' } })
const perSeat = p
  .requestView('per_seat', { entity: airport, columns: { id: 'int4' } })
  .query(({ db }) =>
    db.selectFrom('spine').select(({ ref }) => ['spine.iata as asked_at', ref('spine.id').as('twice')]),
  )
  .features({ twice: { kind: 'numeric', fill: 0 } })
const seated = p
  .sample('seated', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(['id', 'origin as iata', 'carrier', 'fare as seats']))
const asking = p.dataset('d', { sample: seated, features: [fare, perSeat.prefix('x_')] })
type Asking = RowOf<typeof asking>
export type Requests = [
  Expect<Equal<Asking['carrier'], string>>,
  Expect<Equal<Asking['x_twice'], number>>,
  Expect<Equal<Asking['x_asked_at'], string | null>>,
]
// @ts-expect-error: the sample has no column "seats", which a question brings
p.dataset('d', { sample: departures, features: [fare] })
// @ts-expect-error: the query has no column "seat"
fare.features({ seat: { kind: 'numeric' } })
// @ts-expect-error: '"numeric"' is not assignable to type '"category"'
fare.features({ carrier: { kind: 'numeric' } })
fare.features({ seats: { kind: 'numeric', fill: 0 } })
// @ts-expect-error: 'SelectExpression<
fare.query(({ db }) => db.selectFrom('spine').select('spine.fare'))
