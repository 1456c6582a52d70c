import { type Child, startChild } from '../engines/child.ts'

/** A process of its own that logs to a database. */
export type Logger = Child

export const startLogger = (url: string): Promise<Logger> => startChild(new URL('logger.mjs', import.meta.url), url)
