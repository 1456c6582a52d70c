import type { Catalog, CatalogIndex, CatalogRelation, Column, ColumnStatistics } from '@viewcast/compiler'
import { catalogQueries } from './catalog-queries.ts'
import { isDatabaseError, wrapped } from './database-error.ts'
import type { Lease } from './lease.ts'

const setSearchPath = "SELECT set_config('search_path', $1, true)"

type Rows = readonly (readonly unknown[])[]

/**
 * Reads the catalog in a fixed number of statements, whatever the number of relations.
 *
 * @param lease a session inside a transaction or savepoint: the search path is emptied for a while, because
 * `pg_get_viewdef` leaves out every schema that is on it.
 */
export async function introspect(lease: Lease): Promise<Catalog> {
  const [about = []] = await read(lease, catalogQueries.session)
  const overloaded = await read(lease, catalogQueries.overloaded)
  await read(lease, setSearchPath, [''])
  const relations = await read(lease, catalogQueries.relations)
  const columns = byRelation(await read(lease, catalogQueries.columns))
  const indexes = byRelation(await read(lease, catalogQueries.indexes))
  const statistics = byRelation(await read(lease, catalogQueries.statistics))
  const enums = await read(lease, catalogQueries.enums)
  const functions = await read(lease, catalogQueries.functions)
  const definitions = new Map(await viewDefinitions(lease, relations))
  await read(lease, setSearchPath, [about[2]])
  return {
    searchPath: about[0] as string[],
    serverVersion: about[1] as number,
    functions: functions.map(([schema, name, volatile, returnsSet]) => ({
      schema: String(schema),
      name: String(name),
      volatile: volatile === true,
      returnsSet: returnsSet === true,
    })),
    relations: relations.map(([oid, schema, name, kind, comment, estimate]): CatalogRelation => {
      const definition = definitions.get(oid)
      return {
        schema: String(schema),
        name: String(name),
        kind: kind as CatalogRelation['kind'],
        columns: (columns.get(oid) ?? []).map(toColumn),
        ...(definition === undefined ? {} : { definition }),
        indexes: (indexes.get(oid) ?? []).map(toIndex),
        ...(comment === null ? {} : { comment: String(comment) }),
        ...(estimate === null ? {} : { estimatedRows: estimate as number }),
        ...(statistics.has(oid) ? { statistics: toStatistics(statistics.get(oid) ?? []) } : {}),
      }
    }),
    enums: enums.map(([schema, name, labels]) => ({
      schema: String(schema),
      name: String(name),
      labels: labels as string[],
    })),
    overloaded: overloaded.map(([name]) => String(name)),
  }
}

async function read(lease: Lease, sql: string, parameters: readonly unknown[] = []): Promise<Rows> {
  return (await wrapped(sql, lease.run(sql, parameters))).rows
}

function byRelation(rows: Rows): Map<unknown, Rows[number][]> {
  const groups = new Map<unknown, Rows[number][]>()
  for (const [oid, ...rest] of rows) {
    const group = groups.get(oid)
    if (group) group.push(rest)
    else groups.set(oid, [rest])
  }
  return groups
}

const toColumn = ([name, type, notNull, isEnum, description]: Rows[number]): Column => ({
  name: String(name),
  type: String(type),
  nullable: notNull !== true,
  ...(isEnum === true ? { isEnum: true } : {}),
  ...(description === null ? {} : { description: String(description) }),
})

const toStatistics = (rows: readonly Rows[number][]): Record<string, ColumnStatistics> =>
  Object.fromEntries(
    rows.map(([name, distinct, span]) => [
      String(name),
      { distinct: distinct as number, ...(span === null ? {} : { span: span as number }) },
    ]),
  )

const toIndex = ([name, columns, unique, total]: Rows[number]): CatalogIndex => ({
  name: String(name),
  columns: columns as string[],
  unique: unique === true,
  total: total === true,
})

/** Definitions by relation. A view too deep for the server to print has none, and does not hide the others. */
async function viewDefinitions(lease: Lease, relations: Rows): Promise<[unknown, string][]> {
  const views = relations.filter(([, , , kind]) => kind === 'view' || kind === 'materialized').map(([oid]) => oid)
  const all = await printed(lease, views)
  if (all) return all
  const one: [unknown, string][] = []
  for (const view of views) one.push(...((await printed(lease, [view])) ?? []))
  return one
}

async function printed(lease: Lease, views: readonly unknown[]): Promise<[unknown, string][] | undefined> {
  await lease.run('SAVEPOINT _viewcast_definitions')
  try {
    const rows = await read(lease, catalogQueries.definitions, [views])
    return rows.flatMap(([oid, text]) => (text === null ? [] : [[oid, String(text).replace(/;\s*$/, '').trim()]]))
  } catch (e) {
    // Cancelled, it would be asked again.
    if (!isDatabaseError(e) || e.sqlState === '57014') throw e
    await lease.run('ROLLBACK TO SAVEPOINT _viewcast_definitions')
    return undefined
  }
}
