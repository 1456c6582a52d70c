import { v7 } from 'uuid'

/** A UUIDv7: made by the client, sorted by time; a clock that steps back does not bring the order back. */
export const newId = (): string => v7()

/** Whether the database would read it as an id; anything else names nothing. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(text)
