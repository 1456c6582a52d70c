/** What is said to the database to make a table of predictions, and to bring its rows up to date. */
import { quoteIdentifier } from '@viewcast/compiler'
import type { RefreshKind } from '../define/deployment.ts'
import { type ObjectName, quoted } from './object-name.ts'
import type { PresentColumn } from './present.ts'
import { type TableQuery, versionColumn } from './table-query.ts'

/** What the rows of a table are made by; kept with each version of the deployment. */
export interface TableSpec extends TableQuery {
  readonly refresh: RefreshKind
  readonly vanished: 'keep' | 'delete' | null
  /** Number of the model's version. */
  readonly version: number
  /** Columns that a refresh fills, without that of the version. */
  readonly filled: readonly string[]
}

/** Of one row per key its key alone, so that a row can be overwritten; of partitions with the instant. */
export const primaryKey = ({
  entity,
  hasAsOf,
  refresh,
}: Pick<TableSpec, 'entity' | 'hasAsOf' | 'refresh'>): string[] =>
  refresh === 'partition' && hasAsOf ? [...entity, 'as_of'] : [...entity]

const list = (names: readonly string[], prefix = ''): string =>
  names.map((n) => `${prefix}${quoteIdentifier(n)}`).join(', ')

/** No surrogate key: it would be drawn in one place of a distributed database. */
export function createTable(object: ObjectName, columns: readonly PresentColumn[], spec: TableSpec): string {
  const strict = new Set([...spec.entity, 'as_of', versionColumn])
  const lines = columns.map(
    ({ name, type }) => `  ${quoteIdentifier(name)} ${type}${strict.has(name) ? ' NOT NULL' : ''}`,
  )
  return `CREATE TABLE ${quoted(object)} (\n${[...lines, `  PRIMARY KEY (${list(primaryKey(spec))})`].join(',\n')}\n)`
}

/** INSERT comes first and the query is its own, so that a distributed database moves rows from shard to shard. */
export function insertRows(object: ObjectName, spec: TableSpec, query: string): string {
  return [
    `INSERT INTO ${quoted(object)} AS t (${list([...spec.filled, versionColumn])})`,
    `SELECT ${list(spec.filled, 'q.')}, ${spec.version}`,
    `FROM (\n${query}\n) AS q`,
  ].join('\n')
}

/**
 * Overwrites the rows whose prediction is another one, and leaves the others as they are, as_of too: each row says what was
 * predicted at its as_of, and it is so still.
 *
 * @param unfilled columns of the table that the query does not have any more.
 */
export function upsertRows(object: ObjectName, spec: TableSpec, query: string, unfilled: readonly string[]): string {
  const key = primaryKey(spec)
  const compared = [...spec.filled.filter((n) => !key.includes(n) && n !== 'as_of'), versionColumn]
  const set = [
    ...[...spec.filled.filter((n) => !key.includes(n)), versionColumn].map((n) => {
      const name = quoteIdentifier(n)
      return `${name} = excluded.${name}`
    }),
    ...unfilled.map((n) => `${quoteIdentifier(n)} = NULL`),
  ]
  return [
    insertRows(object, spec, query),
    `ON CONFLICT (${list(key)}) DO UPDATE SET ${set.join(', ')}`,
    `WHERE (${list(compared, 't.')}) IS DISTINCT FROM (${list(compared, 'excluded.')})`,
  ].join('\n')
}

/** Where the rows of a refresh are looked at twice: gone at its end. */
export const staged = 'pg_temp.viewcast_refresh'

/** Rows of keys that the staged ones do not have. */
export function deleteVanished(object: ObjectName, spec: TableSpec): string {
  const same = primaryKey(spec).map((n) => `s.${quoteIdentifier(n)} = t.${quoteIdentifier(n)}`)
  return `DELETE FROM ${quoted(object)} AS t WHERE NOT EXISTS (SELECT FROM ${staged} AS s WHERE ${same.join(' AND ')})`
}
