/** Loads the flights of `vega-datasets` into a database: flights, airports and the routes between them. */
import type { Database } from '@viewcast/sdk'
import { readAirports } from './src/airports-file.ts'
import { readFlights } from './src/flights-file.ts'
import { airportColumns, emptyTables, flightColumns, indexFlights, isStamp, stampOf, tables } from './src/tables.ts'
import { localClock } from './src/time-zones.ts'

export { allFlights } from './src/flights-file.ts'

/** Enough for every flight that departed before 2001-01-16T12:00Z, whatever its time zone; see `project.ts`. */
export const defaultFlights = 250_000

export interface LoadOptions {
  /** The first so many flights of the file; {@link defaultFlights} by default. */
  readonly flights?: number
  /** Called when a step begins. */
  readonly onStep?: (step: string) => void
  /** Called with the number of flights sent so far. */
  readonly onProgress?: (flights: number) => void
  readonly signal?: AbortSignal
}

export interface Loaded {
  readonly flights: number
  readonly airports: number
  readonly routes: number
  /** True when the flights were there already. */
  readonly reused: boolean
}

/** The database holds tables of our names that are not ours; they are left alone. */
export class ForeignTables extends Error {
  override readonly name = 'ForeignTables'
}

/**
 * Loads flights in one transaction: an interrupted load leaves what was there before. Flights that are there in the
 * number asked for are kept; another number replaces them.
 */
export async function loadFlights(db: Database, options: LoadOptions = {}): Promise<Loaded> {
  const { flights = defaultFlights } = options
  const found = await existingTables(db)
  const foreign = found.filter((t) => !isStamp(t.comment)).map((t) => t.name)
  if (foreign.length > 0) {
    throw new ForeignTables(
      `${db.description} has ${foreign.join(', ')} already, not made by this example. Give it a database of its own.`,
    )
  }
  const there = found.length === tables.length && found.every((t) => t.comment === stampOf(flights))
  const reused = there && (await count(db)).flights === flights
  if (!reused) await db.transaction((tx) => load(tx, flights, options))
  return { ...(await count(db)), reused }
}

const existingTables = (db: Database): Promise<{ name: string; comment: string | null }[]> =>
  db.rows(
    `SELECT name, obj_description(to_regclass(name), 'pg_class') AS comment
       FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL`,
    [tables],
  )

async function count(db: Database): Promise<Omit<Loaded, 'reused'>> {
  const [counts] = await db.rows<Omit<Loaded, 'reused'>>(
    `SELECT ${tables.map((t) => `(SELECT count(*)::float8 FROM ${t}) AS ${t}`).join(', ')}`,
  )
  return counts as Omit<Loaded, 'reused'>
}

async function load(db: Database, flights: number, options: LoadOptions): Promise<void> {
  const { onStep, onProgress, signal } = options
  await db.execute(emptyTables)
  const airports = await readAirports()
  const rows = airports.map((a) => [a.iata, a.name, a.city, a.state, a.country, a.latitude, a.longitude, a.timeZone])
  await db.copyIn('airports', airportColumns, once(rows))
  onStep?.('loading flights')
  const zones = new Map(airports.map((a) => [a.iata, a.timeZone]))
  const sent = await db.copyIn('flights', flightColumns, flightRows(flights, zones), {
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  })
  if (sent !== flights) throw new Error(`The file holds ${sent} flights; ${flights} were asked for.`)
  signal?.throwIfAborted()
  onStep?.('indexing flights')
  await db.execute(indexFlights)
  await db.execute(tables.map((t) => `COMMENT ON TABLE ${t} IS '${stampOf(flights)}'`).join(';\n'))
}

async function* once<T>(batch: readonly T[]): AsyncGenerator<readonly T[]> {
  yield batch
}

const minute = 60_000

/** Rows of the table `flights`: instants instead of local clock times, and when each delay became known. */
async function* flightRows(
  limit: number,
  zones: ReadonlyMap<string, string | null>,
): AsyncGenerator<(string | number)[][]> {
  const clocks = new Map<string, (local: number) => number>()
  const clockOf = (origin: string): ((local: number) => number) => {
    let clock = clocks.get(origin)
    if (!clock) {
      const zone = zones.get(origin)
      if (zone == null) throw new Error(`The time zone of ${origin} is not known.`)
      clock = localClock(zone)
      clocks.set(origin, clock)
    }
    return clock
  }
  let id = 0
  for await (const batch of readFlights(limit)) {
    yield batch.map((f) => {
      const departed = clockOf(f.origin)(f.localDeparture)
      // The file has no landing time: 30 minutes of taxiing, and 480 mph, which is 8 miles a minute.
      const landed = departed + Math.round(30 + f.distance / 8) * minute
      return [++id, iso(departed), iso(landed), f.delay, f.distance, f.origin, f.destination]
    })
  }
}

const iso = (instant: number): string => new Date(instant).toISOString()
