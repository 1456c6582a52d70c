/** What a database says of a project's views, samples and targets, as the files `viewcast types` writes beside `db.gen.ts`. */
import {
  type Catalog,
  columnNullability,
  type Definition,
  type Diagnostic,
  describeQuery,
  type FeatureView,
  isFeatureView,
  isViewcastError,
  loadParser,
  queryOf,
  type SampleDef,
  type TargetDef,
  titleOf,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type AssertedColumn, type AssertedView, printAssertions } from '../types/assertions.ts'
import { printSqlFiles, type SqlFile } from '../types/sql-files.ts'
import { describeOne } from './describe-definition.ts'
import { isDefinition, type Project } from './project.ts'
import { readDefinitionFiles } from './read-files.ts'

type Queried = FeatureView | SampleDef | TargetDef

/** An export of one of the project's modules. */
export interface ModuleExport {
  /** Specifier of the module, from the file that is written: `./project.js`. */
  readonly module: string
  /** Its name there. */
  readonly name: string
  readonly value: unknown
}

export interface GeneratedText {
  readonly text: string
  /** The project has nothing of the kind. */
  readonly isEmpty: boolean
}

export interface ProjectTypes {
  /** `sql.gen.ts`: the rows of the `.sql` files. */
  readonly sqlFiles: GeneratedText
  /** `views.gen.ts`: an assertion per column of each Kysely query. */
  readonly assertions: GeneratedText
  /** What is wrong with queries that could not be described; they are in neither file. */
  readonly problems: readonly Diagnostic[]
}

/**
 * Describes the `.sql` files and Kysely queries of a project in a database, and writes what it says as TypeScript.
 *
 * `exported` are what the modules export: only these can be compared with their types. Errors: none of the views, which
 * are `problems`.
 *
 * ```ts
 * const { sqlFiles, assertions } = await projectTypes(db, project, [
 *   { module: './project.js', name: 'late', value: late },
 * ])
 * ```
 */
export async function projectTypes(
  db: Database,
  project: Project,
  exported: readonly ModuleExport[],
): Promise<ProjectTypes> {
  const [catalog] = await Promise.all([db.introspect(), loadParser()])
  const problems: Diagnostic[] = []
  const files = new Map<string, SqlFile>()
  const views: AssertedView[] = []
  const unchecked: string[] = []
  for (const definition of project.definitions.values()) {
    if (!isQueried(definition)) continue
    const query = queryOf(definition)
    const isFile = query.kind === 'file'
    if (!isFile && !isKysely(definition)) continue
    const place = exported.find((e) => isSame(e.value, definition))
    if (!isFile && place === undefined) {
      unchecked.push(titleOf(definition))
      continue
    }
    const found = await described(db, definition, project.directory, catalog)
    problems.push(...found.problems)
    if (found.columns === undefined) continue
    const { columns } = found
    if (isFile) {
      const comment = found.view.description
      files.set(query.path, { path: query.path, columns, ...(comment === undefined ? {} : { comment }) })
    } else if (place) {
      views.push({ title: titleOf(definition), module: place.module, name: place.name, columns })
    }
  }
  return {
    sqlFiles: { text: printSqlFiles([...files.values()], catalog), isEmpty: files.size === 0 },
    assertions: {
      text: printAssertions(views, unchecked, catalog),
      isEmpty: views.length + unchecked.length === 0,
    },
    problems,
  }
}

const isQueried = (d: Definition): d is Queried => isFeatureView(d) || d.kind === 'sample' || d.kind === 'target'

/** Its columns are those of the query: declared windows and outcomes make others of the source's. */
const isKysely = (d: Queried): boolean => {
  const query = queryOf(d)
  const isDerived = d.kind === 'aggregates' || (d.kind === 'target' && d.outcomes !== undefined)
  return query.kind === 'sql' && query.origin.kind === 'kysely' && !isDerived
}

/** The same declaration may be met as several values. */
const isSame = (value: unknown, d: Definition): boolean =>
  value === d || (isDefinition(value) && value.kind === d.kind && value.name === d.name)

async function described(
  db: Database,
  definition: Queried,
  directory: string,
  catalog: Catalog,
): Promise<{ columns?: readonly AssertedColumn[]; view: Queried; problems: readonly Diagnostic[] }> {
  const view = await readDefinitionFiles(definition, directory).catch((e: unknown) => {
    if (!isViewcastError(e)) throw e
    return e.diagnostics
  })
  if (!('kind' in view)) return { view: definition, problems: view }
  const { columns, problems } = await describeOne(db, view, catalog)
  if (!columns) return { view, problems }
  const { text, file, view: title } = describeQuery(view, catalog)
  const said = columnNullability(text, { view: title, file }, catalog, spineOf(view))
  const known = said?.length === columns.length ? said : []
  const asserted = columns.map(({ name, type }, i): AssertedColumn => {
    const { nullability = 'unknown', isAggregate = false } = known[i] ?? {}
    // A sample's columns are the dataset's as they are.
    return { name, type, nullability, mayLackNull: isAggregate && view.kind !== 'sample' }
  })
  return { view, problems, columns: asserted }
}

/** The columns of the relation `spine`, in a query that may read it. */
const spineOf = (d: Queried) => [
  ...d.entity.keys,
  ...(d.kind === 'request' ? d.columns : []),
  { name: 'as_of', type: 'timestamptz' },
]
