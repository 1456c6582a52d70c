import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { dataFile } from './data-file.ts'

/** A flight as the file has it. */
export interface FlightRow {
  /** Departure by the clock of the airport of origin, in milliseconds as if that clock showed UTC. */
  readonly localDeparture: number
  /** Minutes late at arrival; negative when early. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

const batchRows = 10_000

/** Number of flights in the file. */
export const allFlights = 3_000_000

/** The first `limit` flights of `flights-3m.parquet`, in batches; one row group (273,000 flights) is in memory at a time. */
export async function* readFlights(limit: number): AsyncGenerator<FlightRow[]> {
  const file = await asyncBufferFromFile(dataFile('flights-3m.parquet'))
  const metadata = await parquetMetadataAsync(file)
  let start = 0
  for (const group of metadata.row_groups) {
    if (start >= limit) return
    const end = Math.min(start + Number(group.num_rows), limit)
    let rows: readonly unknown[][] = []
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: ['date', 'delay', 'distance', 'origin', 'destination'],
      rowStart: start,
      rowEnd: end,
      onComplete: (read) => {
        rows = read
      },
    })
    for (let at = 0; at < rows.length; at += batchRows) yield rows.slice(at, at + batchRows).map(flightRow)
    start = end
  }
}

const flightRow = ([date, delay, distance, origin, destination]: readonly unknown[]): FlightRow => ({
  localDeparture: (date as Date).getTime(),
  delay: Number(delay),
  distance: Number(distance),
  origin: String(origin),
  destination: String(destination),
})
