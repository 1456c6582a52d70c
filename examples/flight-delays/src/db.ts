/** The tables `load.ts` makes, as Kysely wants them. */
export interface DB {
  airports: {
    iata: string
    name: string
    city: string | null
    state: string | null
    country: string
    latitude: number
    longitude: number
    time_zone: string | null
  }
  flights: {
    id: string
    departed_at: Date
    landed_at: Date
    delay: number
    distance: number
    origin: string
    destination: string
  }
  routes: { origin: string; destination: string; distance: number }
}
