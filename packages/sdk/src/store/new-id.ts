import { v7 } from 'uuid'

/** A UUIDv7: made by the client, sorted by time; a clock that steps back does not bring the order back. */
export const newId = (): string => v7()
