/** Asks the database what the compiler needs to know of a dataset: its catalog and the columns of each query. */
import {
  bindDataset,
  type Column,
  type DatasetDef,
  type Diagnostic,
  type Facts,
  inlineMaterialised,
  loadParser,
  ViewcastError,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { describeOne, type Queried } from './describe-definition.ts'
import { readDataset } from './read-files.ts'

export interface Prepared {
  /** The dataset with its `.sql` files read. */
  readonly dataset: DatasetDef
  readonly facts: Facts
  /** Warnings about the users' SQL: what is volatile, reads the clock, depends on the session, is read unlike it is stored. */
  readonly warnings: readonly Diagnostic[]
  /** Those of some of its definitions. */
  readonly warningsOf: (definitions: readonly Queried[]) => readonly Diagnostic[]
}

/**
 * Reads files, introspects and describes everything a dataset names, collecting all problems of all its files.
 *
 * Errors: `project/no-file`; `sql/…`, `view/unknown-relation`, `view/needs-spine`, `view/duplicate-column` and
 * `view/database-error` with the place in the user's own text; `view/cycle`; with any of these, also what binding finds in
 * the views that are sound.
 */
export async function prepareDataset(db: Database, dataset: DatasetDef, directory = '.'): Promise<Prepared> {
  const read = await readDataset(dataset, directory)
  const resolved = read.dataset
  const all = new Set<Queried>([
    resolved.sample,
    ...(resolved.target ? [resolved.target] : []),
    ...resolved.features.map((u) => u.view),
  ])
  for (const d of read.unread) all.delete(d)
  const { facts, warnings, warningsOf, problems, sound } = await collected(db, all, dataset.materialised)
  const wrong = [...read.problems, ...problems]
  if (wrong.length > 0) throw new ViewcastError([...wrong, ...boundProblems(resolved, facts, sound)])
  return { dataset: resolved, facts, warnings, warningsOf }
}

/** Describes any set of definitions. */
export async function describeAll(
  db: Database,
  definitions: Iterable<Queried>,
  materialised: 'inline' | 'read' = 'inline',
): Promise<{ facts: Facts; warnings: Diagnostic[] }> {
  const { facts, warnings, problems } = await collected(db, definitions, materialised)
  if (problems.length > 0) throw new ViewcastError(problems)
  return { facts, warnings }
}

async function collected(db: Database, definitions: Iterable<Queried>, materialised: 'inline' | 'read' = 'inline') {
  const [found] = await Promise.all([db.introspect(), loadParser()])
  const catalog = materialised === 'read' ? found : inlineMaterialised(found)
  const columns = new Map<Queried, readonly Column[]>()
  const problems: Diagnostic[] = []
  const told = new Map<Queried, readonly Diagnostic[]>()
  for (const definition of definitions) {
    const one = await describeOne(db, definition, catalog)
    told.set(definition, one.warnings)
    problems.push(...one.problems)
    if (one.columns && one.problems.length === 0) columns.set(definition, one.columns)
  }
  const facts: Facts = { catalog, columns: (d) => columns.get(d) ?? [] }
  const warningsOf = (some: readonly Queried[]) => eachOnce(some.flatMap((d) => told.get(d) ?? []))
  return { facts, warnings: warningsOf([...told.keys()]), warningsOf, problems, sound: columns }
}

/** A view that several stand on is told of once. */
const eachOnce = (warnings: readonly Diagnostic[]): Diagnostic[] => [
  ...new Map(warnings.map((w) => [placeOf(w), w])).values(),
]

const placeOf = ({ code, message, location: l }: Diagnostic): string =>
  code === 'view/materialised' ? message : `${message} ${l?.file}:${l?.line}:${l?.column}`

/** What binding finds in the part of a dataset that could be described. */
function boundProblems(dataset: DatasetDef, facts: Facts, sound: ReadonlyMap<Queried, unknown>): readonly Diagnostic[] {
  if (!sound.has(dataset.sample)) return []
  const { target, ...rest } = dataset
  const features = dataset.features.filter((u) => sound.has(u.view))
  const part = { ...rest, features, ...(target && sound.has(target) ? { target } : {}) }
  return bindDataset(part, facts).diagnostics.filter((d) => d.severity === 'error')
}
