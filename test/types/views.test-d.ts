/** What a view refuses. The text after each directive is part of the message the checker gives. */
import { sql } from 'kysely'
import { airport, late, p, profile } from './flights.ts'

const view = p.featureView('v', { entity: airport })
const columns = view.query(({ db }) =>
  db.selectFrom('airports').select(['iata', 'latitude', 'state', 'tier', 'opened']),
)

// @ts-expect-error: not assignable to parameter of type 'SelectExpression<DB, "airports">'
view.query(({ db }) => db.selectFrom('airports').select(['iata', 'lattitude']))

// @ts-expect-error: the query has no column "lattitude"
columns.features({ lattitude: { kind: 'numeric' } })

// @ts-expect-error: "iata" is a key or a time, not a feature
columns.features({ iata: { kind: 'category' } })

// @ts-expect-error: the query must return the column "iata"
view.query(({ db }) => db.selectFrom('airports').select(['latitude']))

// @ts-expect-error: the query must return the column "iata"
view.query(() => sql<{ airport: string }>`select iata as airport from airports`)

// @ts-expect-error: '"numeric"' is not assignable to type '"category"'
columns.features({ state: { kind: 'numeric' } })

// @ts-expect-error: Type 'string' is not assignable to type 'number'
columns.features({ latitude: { fill: 'none' } })

// @ts-expect-error: Type '"port"' is not assignable to type 'NonNullable<"hub" | "spoke">
columns.features({ tier: { fill: 'port' } })

// @ts-expect-error: cast the column in the query
columns.features({ opened: { kind: 'numeric' } })

// @ts-expect-error: 'filled' does not exist
columns.features({ latitude: { filled: 3 } })

// @ts-expect-error: not assignable to parameter of type '"latitude" | "state" | "tier"'
profile.pick('lattitude')

// @ts-expect-error: '"n_30d"' is not assignable
late.pick('n_30d')

// @ts-expect-error: the entity has no key "icao"
profile.on({ icao: 'dest' })

// @ts-expect-error: InsertQueryBuilder
view.query(({ db }) => db.insertInto('airports').defaultValues())

const history = p.featureView('h', { entity: airport, time: 'observed', knownAt: 'reported' })

// @ts-expect-error: the query must return the column "reported"
history.query(({ db }) => db.selectFrom('ops.weather').select(['station as iata', 'observed', 'wind']))

const observed = history.query(({ db }) =>
  db.selectFrom('ops.weather').select(['station as iata', 'observed', 'reported', 'wind']),
)
const tied = p.featureView('t', { entity: airport, time: 'observed', tieBreak: ['reported desc'] })

tied.query(({ db }) => db.selectFrom('ops.weather').select(['station as iata', 'observed', 'reported', 'wind']))

// @ts-expect-error: the query must return the column "reported"
tied.query(({ db }) => db.selectFrom('ops.weather').select(['station as iata', 'observed', 'wind']))

const downwards = p.featureView('t', { entity: airport, time: 'observed', tieBreak: ['reported dsec'] })

// @ts-expect-error: the query must return the column "reported dsec"
downwards.query(({ db }) => db.selectFrom('ops.weather').select(['station as iata', 'observed', 'reported']))

// @ts-expect-error: "observed" is a key or a time, not a feature
observed.features({ observed: {} })

// @ts-expect-error: Type '"1 month"' is not assignable
p.featureView('h', { entity: airport, time: 'observed', maxAge: '1 month' })

// @ts-expect-error: Property 'time' is missing
p.featureView('h', { entity: airport, maxAge: '1 day' })

const window = p.windowView('w', { entity: airport })

// @ts-expect-error: a window view returns the keys and as_of of spine; the query lacks "as_of"
window.query(({ db }) => db.selectFrom('spine').select(['spine.iata']))

// @ts-expect-error: not assignable to parameter of type 'SelectExpression
window.query(({ db }) => db.selectFrom('spine').select(['spine.icao', 'spine.as_of']))

// @ts-expect-error: Type '"lengths"' is not assignable
p.entity('x', { id: 'int4' }, { from: 'lengths' })

// @ts-expect-error: Property 'time' is missing
p.sqlView('s', { entity: airport, kind: 'history' })

const existing = p.existingView('public.vw_x', { entity: airport })

// @ts-expect-error: "iata" is a key or a time, not a feature
existing.features({ iata: { kind: 'category' } })

// @ts-expect-error: Type 'string' is not assignable to type 'number'
existing.features({ n: { kind: 'numeric', fill: 'x' } })

// @ts-expect-error: Argument of type '"vislts"'
existing.features({ visits: { kind: 'numeric' } }).pick('vislts')
