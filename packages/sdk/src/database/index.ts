/** `@viewcast/sdk/database`: a database and nothing else, so that an engine can start while the rest is loaded. */
export { type ConnectOptions, connect } from './connect.ts'
export type { CopyOptions, Database, QueryResult, Value } from './database.ts'
export { DatabaseError, isDatabaseError } from './database-error.ts'
export { redact } from './redact.ts'
