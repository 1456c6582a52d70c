/** Asks the database what one definition returns; everything wrong with it is told at its place in the user's own text. */
import {
  type Catalog,
  type Column,
  type DescribeQuery,
  type Diagnostic,
  describeQuery,
  diagnostic,
  type FeatureView,
  findRelation,
  isViewcastError,
  locate,
  nearParameter,
  type SampleDef,
  type TargetDef,
  viewCycle,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type DatabaseError, isDatabaseError } from '../database/database-error.ts'

export type Queried = FeatureView | SampleDef | TargetDef

/** Describes one definition; what is wrong with it is returned, so that the others are looked at too. Load the parser first. */
export async function describeOne(
  db: Database,
  definition: Queried,
  catalog: Catalog,
): Promise<{ columns?: Column[]; warnings: readonly Diagnostic[]; problems: readonly Diagnostic[] }> {
  try {
    const query = describeQuery(definition, catalog)
    const columns = await described(db, query, catalog)
    const found = Array.isArray(columns) ? { columns, problems: duplicateColumns(query, columns) } : columns
    return {
      ...found,
      warnings: query.warnings,
      problems: [...found.problems, ...spineProblems(definition, query, catalog)],
    }
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return { warnings: [], problems: e.diagnostics }
  }
}

/** Relations the text names and the database lacks; the server names only the first. */
function unknownRelations(query: DescribeQuery, catalog: Catalog): Diagnostic[] {
  const known = () => catalog.relations.map((r) => r.name)
  return query.facts.references
    .filter((r) => !(r.name === 'spine' && r.schema === undefined))
    .filter((r) => r.schema !== 'pg_catalog' && r.schema !== 'information_schema' && !r.name.startsWith('pg_'))
    .filter((r) => findRelation(catalog, r.name, r.schema) === undefined)
    .map((r) =>
      diagnostic(
        'view/unknown-relation',
        {
          view: query.view,
          relation: r.schema === undefined ? r.name : `${r.schema}.${r.name}`,
          ...nearParameter(r.name, known()),
        },
        locate(query.file, query.text, r.start, r.end - r.start),
      ),
    )
}

/** A window view that does not read the questions cannot depend on their instants; what is not asked over them has none. */
function spineProblems(definition: Queried, query: DescribeQuery, catalog: Catalog): Diagnostic[] {
  const read = query.facts.references.find((r) => r.name === 'spine' && r.schema === undefined)
  const { view, file, text } = query
  switch (definition.kind) {
    case 'window':
      return read ? [] : [diagnostic('view/needs-spine', { view }, locate(file, text, 0))]
    case 'target':
    case 'request':
      return []
    default: {
      if (read === undefined || findRelation(catalog, 'spine')) return []
      const hint = 'Only window views, request views and targets are asked over spine.'
      const place = locate(file, text, read.start, read.end - read.start)
      return [diagnostic('view/unknown-relation', { view, relation: 'spine', hint }, place)]
    }
  }
}

/** Two columns of one name: the features of a view are asked for by name. */
function duplicateColumns(query: DescribeQuery, columns: readonly Column[]): Diagnostic[] {
  const names = columns.map((c) => c.name)
  const twice = new Set(names.filter((n, i) => names.indexOf(n) !== i))
  return [...twice].map((column) => {
    const again = query.facts.outputs.findLast((o) => o.name === column)
    const place = locate(query.file, query.text, again?.start ?? 0, again ? again.end - again.start : 1)
    return diagnostic('view/duplicate-column', { view: query.view, column }, place)
  })
}

/** More misspelt columns than this are told one at a time. */
const mostColumns = 10

/** The columns of a query, or everything the server refuses it for. */
async function described(
  db: Database,
  query: DescribeQuery,
  catalog: Catalog,
): Promise<Column[] | { problems: Diagnostic[] }> {
  const problems: Diagnostic[] = []
  let sql = query.sql
  for (;;) {
    try {
      const columns = await db.describe(sql)
      return problems.length === 0 ? columns : { problems }
    } catch (e) {
      if (!isDatabaseError(e)) throw e
      // What comes after a column was left out may be about its absence.
      if (problems.length > 0 && e.sqlState !== unknownColumn) return { problems }
      // The server knows of more relations than the catalog: partitions, sequences.
      const missing = e.sqlState === unknownTable ? unknownRelations(query, catalog) : []
      problems.push(...(missing.length > 0 ? missing : [mapped(e, query, catalog)]))
      const next = e.sqlState === unknownColumn && problems.length < mostColumns ? without(sql, e.position) : undefined
      if (next === undefined) return { problems }
      sql = next
    }
  }
}

const unknownColumn = '42703'
const unknownTable = '42P01'

/** The statement with NULL for the column at a position, as long as it was, so that places stay places. */
function without(sql: string, position: number | undefined): string | undefined {
  const start = (position ?? 0) - 1
  const column =
    start < 0
      ? undefined
      : /^(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)(?:\.(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*))*/u.exec(
          sql.slice(start),
        )?.[0]
  if (column === undefined || column.length < 4) return undefined
  return `${sql.slice(0, start)}NULL${' '.repeat(column.length - 4)}${sql.slice(start + column.length)}`
}

/** A database error as a diagnostic at the place in the user's own text. */
function mapped(e: DatabaseError, query: DescribeQuery, catalog: Catalog): Diagnostic {
  // The server says "infinite recursion" and names one of the views.
  const path = e.sqlState === '42P17' ? viewCycle(query.text, catalog) : undefined
  if (path !== undefined) return diagnostic('view/cycle', { path })
  const offset = e.position === undefined ? -1 : e.position - 1 - query.offset
  const inside = offset >= 0 && offset < query.text.length
  const word = inside ? (/^"?[\p{L}\p{N}_$.]+"?/u.exec(query.text.slice(offset))?.[0] ?? '') : ''
  // Some errors have no place; the text they are in is one.
  const place = locate(query.file, query.text, inside ? offset : 0, Math.max(1, word.length))
  const names = query.facts.references.flatMap(
    (r) => findRelation(catalog, r.name, r.schema)?.columns.map((c) => c.name) ?? [],
  )
  const column = /column (?:"([^"]+)"|(\S+)) does not exist/.exec(e.message)
  const near = column ? nearParameter((column[1] ?? column[2] ?? '').split('.').at(-1) ?? '', names) : {}
  return diagnostic(
    'view/database-error',
    { view: query.view, detail: e.message, ...near, ...(e.hint === undefined ? {} : { hint: e.hint }) },
    place,
  )
}
