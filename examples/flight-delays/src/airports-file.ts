import { readFile } from 'node:fs/promises'
import { dataFile } from './data-file.ts'
import { timeZone } from './time-zones.ts'

export interface Airport {
  readonly iata: string
  readonly name: string
  readonly city: string | null
  readonly state: string | null
  readonly country: string
  readonly latitude: number
  readonly longitude: number
  /** IANA name; null outside the United States. */
  readonly timeZone: string | null
}

/** The airports of `airports.csv`. */
export async function readAirports(): Promise<Airport[]> {
  const [, ...lines] = (await readFile(dataFile('airports.csv'), 'utf8')).split(/\r?\n/)
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [iata = '', name = '', city = '', state = '', country = '', latitude = '', longitude = ''] = fields(line)
      // The file writes a missing city or state as NA.
      const known = (text: string) => (text === 'NA' || text === '' ? null : text)
      return {
        iata,
        name,
        city: known(city),
        state: known(state),
        country,
        latitude: Number(latitude),
        longitude: Number(longitude),
        timeZone: timeZone(iata, known(state)) ?? null,
      }
    })
}

/** One line of CSV; a quoted field may hold commas and doubled quotes. */
const fields = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  )
