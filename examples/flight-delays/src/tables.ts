/** The tables of the example as SQL. */

export const tables = ['flights', 'airports', 'routes']

/** Tables that are there are emptied rather than dropped: views that stand on them stay. */
export const emptyTables = `
  CREATE TABLE IF NOT EXISTS airports (
    iata text PRIMARY KEY,
    name text NOT NULL,
    city text,
    state text,
    country text NOT NULL,
    latitude float8 NOT NULL,
    longitude float8 NOT NULL,
    time_zone text
  );
  CREATE TABLE IF NOT EXISTS flights (
    id int8 PRIMARY KEY,
    departed_at timestamptz NOT NULL,
    landed_at timestamptz NOT NULL,
    delay int4 NOT NULL,
    distance int4 NOT NULL,
    origin text NOT NULL,
    destination text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS routes (
    origin text,
    destination text,
    distance int4 NOT NULL,
    PRIMARY KEY (origin, destination)
  );
  DROP INDEX IF EXISTS flights_origin, flights_destination, flights_route;
  TRUNCATE airports, flights, routes`

export const airportColumns = [
  'iata',
  'name',
  'city',
  'state',
  'country',
  'latitude',
  'longitude',
  'time_zone',
] as const

export const flightColumns = ['id', 'departed_at', 'landed_at', 'delay', 'distance', 'origin', 'destination'] as const

/** Every history view asks for the flights of an airport or of a route that landed before an instant. */
export const indexFlights = `
  CREATE INDEX flights_origin ON flights (origin, landed_at);
  CREATE INDEX flights_destination ON flights (destination, landed_at);
  CREATE INDEX flights_route ON flights (origin, destination, landed_at);
  INSERT INTO routes
    SELECT origin, destination, mode() WITHIN GROUP (ORDER BY distance) FROM flights GROUP BY origin, destination;
  COMMENT ON COLUMN flights.departed_at IS 'when the flight left the gate';
  COMMENT ON COLUMN flights.landed_at IS 'when its delay became known, estimated: departure, 30 minutes of taxiing, 480 mph';
  COMMENT ON COLUMN flights.delay IS 'minutes late at arrival; negative when early';
  COMMENT ON COLUMN flights.distance IS 'miles';
  ANALYZE flights;
  ANALYZE routes`

const stamp = 'viewcast example flight-delays'

/** The comment on every table: whose it is, and how much of the file it holds. */
export const stampOf = (flights: number): string => `${stamp}, first ${flights} flights of 2001`
export const isStamp = (comment: string | null): boolean => comment?.startsWith(stamp) === true
