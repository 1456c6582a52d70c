/** Asks the database what the compiler needs to know of a dataset: its catalog and the columns of each query. */
import {
  type Catalog,
  type Column,
  type DatasetDef,
  type DescribeQuery,
  type Diagnostic,
  describeQuery,
  diagnostic,
  type Facts,
  type FeatureView,
  findRelation,
  inlineMaterialised,
  isViewcastError,
  loadParser,
  locate,
  nearParameter,
  type SampleDef,
  type TargetDef,
  ViewcastError,
  viewCycle,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type DatabaseError, isDatabaseError } from '../database/database-error.ts'
import { readDatasetFiles } from './read-files.ts'

type Queried = FeatureView | SampleDef | TargetDef

export interface Prepared {
  /** The dataset with its `.sql` files read. */
  readonly dataset: DatasetDef
  readonly facts: Facts
  /** Warnings about the users' SQL (volatile functions, the clock, the session). */
  readonly warnings: readonly Diagnostic[]
}

/**
 * Reads files, introspects and describes everything a dataset names, collecting all problems.
 *
 * Errors: `project/no-file`; `sql/…`, `view/unknown-relation`, `view/needs-spine` and `view/database-error` with the place in
 * the user's own text; `view/cycle`.
 */
export async function prepareDataset(db: Database, dataset: DatasetDef, directory = '.'): Promise<Prepared> {
  const resolved = await readDatasetFiles(dataset, directory)
  const all = new Set<Queried>([
    resolved.sample,
    ...(resolved.target ? [resolved.target] : []),
    ...resolved.features.map((u) => u.view),
  ])
  return { dataset: resolved, ...(await describeAll(db, all, dataset.materialised)) }
}

/** Describes any set of definitions. */
export async function describeAll(
  db: Database,
  definitions: Iterable<Queried>,
  materialised: 'inline' | 'read' = 'inline',
): Promise<{ facts: Facts; warnings: Diagnostic[] }> {
  const [found] = await Promise.all([db.introspect(), loadParser()])
  const catalog = materialised === 'read' ? found : inlineMaterialised(found)
  const columns = new Map<Queried, readonly Column[]>()
  const problems: Diagnostic[] = []
  const warnings: Diagnostic[] = []
  for (const definition of definitions) {
    const one = await describeOne(db, definition, catalog)
    warnings.push(...one.warnings)
    problems.push(...one.problems)
    if (one.columns) columns.set(definition, one.columns)
  }
  if (problems.length > 0) throw new ViewcastError(problems)
  // Views of the database that several definitions read would be warned of as often.
  return { facts: { catalog, columns: (d) => columns.get(d) ?? [] }, warnings: distinct(warnings) }
}

const distinct = (warnings: readonly Diagnostic[]): Diagnostic[] => [
  ...new Map(warnings.map((w) => [JSON.stringify(w), w])).values(),
]

/** Describes one definition; what is wrong with it is returned, so that the others are looked at too. Load the parser first. */
export async function describeOne(
  db: Database,
  definition: Queried,
  catalog: Catalog,
): Promise<{ columns?: Column[]; warnings: readonly Diagnostic[]; problems: readonly Diagnostic[] }> {
  try {
    const query = describeQuery(definition, catalog)
    const problems = [...unknownRelations(query, catalog), ...withoutSpine(definition, query)]
    if (problems.length > 0) return { warnings: query.warnings, problems }
    return { columns: await described(db, query, catalog), warnings: query.warnings, problems }
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return { warnings: [], problems: e.diagnostics }
  }
}

/** Relations the text names and the database lacks, found before the server would name only the first. */
function unknownRelations(query: DescribeQuery, catalog: Catalog): Diagnostic[] {
  const known = catalog.relations.map((r) => r.name)
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
          ...nearParameter(r.name, known),
        },
        locate(query.file, query.text, r.start, r.end - r.start),
      ),
    )
}

/** A window view that does not read the questions cannot depend on their instants. */
function withoutSpine(definition: Queried, query: DescribeQuery): Diagnostic[] {
  if (definition.kind !== 'window') return []
  if (query.facts.references.some((r) => r.name === 'spine' && r.schema === undefined)) return []
  return [diagnostic('view/needs-spine', { view: query.view }, locate(query.file, query.text, 0))]
}

async function described(db: Database, query: DescribeQuery, catalog: Catalog): Promise<Column[]> {
  try {
    return await db.describe(query.sql)
  } catch (e) {
    if (!isDatabaseError(e)) throw e
    throw new ViewcastError([mapped(e, query, catalog)], { cause: e })
  }
}

/** A database error as a diagnostic at the place in the user's own text. */
function mapped(e: DatabaseError, query: DescribeQuery, catalog: Catalog): Diagnostic {
  // The server says "infinite recursion" and names one of the views.
  const path = e.sqlState === '42P17' ? viewCycle(query.text, catalog) : undefined
  if (path !== undefined) return diagnostic('view/cycle', { path })
  const offset = e.position === undefined ? -1 : e.position - 1 - query.offset
  const inside = offset >= 0 && offset < query.text.length
  const word = inside ? (/^"?[\w$.]+"?/.exec(query.text.slice(offset))?.[0] ?? '') : ''
  const place = inside ? locate(query.file, query.text, offset, Math.max(1, word.length)) : undefined
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
