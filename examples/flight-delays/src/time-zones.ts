/** Time zones of the airports: the flights file gives local times, and "before" means nothing across zones. */

const eastern = 'America/New_York'
const central = 'America/Chicago'
const mountain = 'America/Denver'
const pacific = 'America/Los_Angeles'
const indiana = 'America/Indiana/Indianapolis'

/** The zone most of a state is in. Most of Indiana kept standard time all year in 2001. */
const zoneOfStates: Readonly<Record<string, string>> = {
  [eastern]: 'CT DC DE FL GA KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV',
  [central]: 'AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI',
  [mountain]: 'CO ID MT NM UT WY',
  [pacific]: 'CA NV OR WA',
  [indiana]: 'IN',
  'America/Phoenix': 'AZ',
  'America/Anchorage': 'AK',
  'Pacific/Honolulu': 'HI',
  'America/Puerto_Rico': 'PR VI',
}

/** Airports on the other side of a border inside their state, or whose state the file lacks. */
const zoneOfAirports: Readonly<Record<string, string>> = {
  [eastern]: 'CHA MQT TRI TYS',
  [central]: 'BTR EVV PNS VPS',
  [mountain]: 'ELP RAP',
}

const lookup = (zones: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(zones).flatMap(([zone, names]) => names.split(' ').map((name): [string, string] => [name, zone])),
  )

const byState = lookup(zoneOfStates)
const byAirport = lookup(zoneOfAirports)

/** IANA zone of an airport; undefined outside the United States. */
export const timeZone = (iata: string, state: string | null): string | undefined =>
  byAirport.get(iata) ?? byState.get(state ?? '')

const hour = 3_600_000

/**
 * Turns local clock times of one zone into instants, in milliseconds.
 *
 * @example localClock('America/New_York')(Date.UTC(2001, 0, 1, 12)) // Date.UTC(2001, 0, 1, 17)
 */
export function localClock(zone: string): (local: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const offset = (instant: number): number => {
    const parts = Object.fromEntries(format.formatToParts(instant).map((p) => [p.type, Number(p.value)]))
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute) - instant
  }
  // Formatting is slow, and clocks change on the hour.
  const offsets = new Map<number, number>()
  return (local) => {
    const key = Math.floor(local / hour)
    let known = offsets.get(key)
    if (known === undefined) {
      const guess = key * hour
      known = offset(guess - offset(guess))
      offsets.set(key, known)
    }
    return local - known
  }
}
