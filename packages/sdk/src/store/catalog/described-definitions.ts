/** What the definitions of a project return, those that can be described; a broken one does not hide the others. */
import {
  type Catalog,
  type Column,
  columnNullability,
  type DatasetDef,
  type Diagnostic,
  describeQuery,
  type FeatureView,
  findRelation,
  isDirect,
  isFeatureView,
  isViewcastError,
  type KeyColumn,
  lineageOf,
  loadParser,
  queryOf,
  type SampleDef,
  type TargetDef,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { describeOne, type Queried } from '../../project/describe-definition.ts'
import type { Project } from '../../project/project.ts'
import { readDataset, readDefinitionFiles } from '../../project/read-files.ts'

export interface DescribedProject {
  readonly catalog: Catalog
  readonly definitions: readonly Queried[]
  readonly datasets: readonly DatasetDef[]
  /** Of aggregates and outcomes: those of the events. Absent for what could not be described. */
  readonly columns: ReadonlyMap<Queried, readonly Column[]>
  readonly problems: readonly Diagnostic[]
}

/** Reads files, introspects and describes everything a project declares. One statement per definition. */
export async function describeProject(db: Database, project: Project): Promise<DescribedProject> {
  const problems = new Map<string, Diagnostic>()
  const tell = (found: readonly Diagnostic[]): void => {
    for (const d of found) problems.set(`${d.code} ${d.message}`, d)
  }
  const byName = new Map<string, Queried>()
  const datasets: DatasetDef[] = []
  const unread = new Set<Queried>()
  for (const d of project.definitions.values()) {
    if (d.kind === 'dataset') {
      const read = await readDataset(d, project.directory)
      tell(read.problems)
      for (const u of read.unread) unread.add(u)
      datasets.push(read.dataset)
    } else if (isFeatureView(d) || d.kind === 'sample' || d.kind === 'target') {
      try {
        byName.set(d.name, await readDefinitionFiles(d, project.directory))
      } catch (e) {
        if (!isViewcastError(e)) throw e
        tell(e.diagnostics)
        byName.set(d.name, d)
        unread.add(d)
      }
    }
  }
  // A dataset's own copies stand for their definitions: what is described must be the very value that is bound.
  for (const d of datasets.flatMap(partsOf)) byName.set(d.name, d)
  const all = new Set([...byName.values(), ...datasets.flatMap(partsOf)])
  const [catalog] = await Promise.all([db.introspect(), loadParser()])
  const { columns, found } = await describeEach(
    db,
    [...all].filter((d) => !unread.has(d)),
    catalog,
  )
  tell(found)
  return { catalog, definitions: [...byName.values()], datasets, columns, problems: [...problems.values()] }
}

const partsOf = (d: DatasetDef): Queried[] => [
  d.sample,
  ...(d.target ? [d.target] : []),
  ...d.features.map((u) => u.view),
]

class Refused extends Error {}

/**
 * Describes all in one savepoint: a statement that is refused ends a transaction, which may be the caller's. Where one is
 * refused, each is asked in a savepoint of its own.
 */
async function describeEach(db: Database, definitions: readonly Queried[], catalog: Catalog) {
  const columns = new Map<Queried, readonly Column[]>()
  const found: Diagnostic[] = []
  const known = new Map<string, Column[]>()
  /** Describes some in one savepoint, until one is refused; returns what it is refused for. */
  const describe = async (some: readonly Queried[]): Promise<readonly Diagnostic[]> => {
    let problems: readonly Diagnostic[] = []
    try {
      await db.transaction(async (inside) => {
        for (const d of some) {
          const one = await describeOne(rememberingDescribe(inside, known), d, catalog)
          problems = one.problems
          if (problems.length > 0) throw new Refused()
          columns.set(d, one.columns ?? [])
        }
      })
    } catch (e) {
      if (!(e instanceof Refused)) throw e
    }
    return problems
  }
  const refused = await describe(definitions)
  if (refused.length > 0) {
    for (const d of definitions) if (!columns.has(d)) found.push(...(await describe([d])))
  }
  return { columns, found }
}

/** Datasets hold copies of the views they share: the same text is asked for once. A refusal is not remembered. */
const rememberingDescribe = (db: Database, known: Map<string, Column[]>): Database => ({
  ...db,
  describe: async (sql) => {
    const there = known.get(sql)
    if (there) return there
    const columns = await db.describe(sql)
    known.set(sql, columns)
    return columns
  },
})

/** Relations a definition names itself, as `schema.name`. */
export function relationsRead(definition: Queried, catalog: Catalog): string[] {
  const query = queryOf(definition)
  // The text of a view that is taken as it is, is what that reads.
  const references = query.kind === 'relation' ? [query.relation] : describeQuery(definition, catalog).facts.references
  const found = references.flatMap((r) => {
    const relation = findRelation(catalog, r.name, r.schema)
    return relation ? [`${relation.schema}.${relation.name}`] : []
  })
  return [...new Set(found)].sort()
}

export interface TextFacts {
  /** Column → whether it can be NULL, where the text tells. */
  readonly nullable: ReadonlyMap<string, boolean>
  /** Column → the source column it is as it is. */
  readonly same: ReadonlyMap<string, { readonly relation: string; readonly column: string }>
}

/** What the text of a definition tells of its columns; of aggregates and outcomes nothing, whose text is of the events. */
export function textFacts(definition: Queried, catalog: Catalog): TextFacts {
  const { text, view, file } = describeQuery(definition, catalog)
  const spine = spineOf(definition)
  const said = columnNullability(text, { view, file }, catalog, spine) ?? []
  const known = said.filter((c) => c.nullability !== 'unknown')
  const lineage = lineageOf(
    text,
    { view, file },
    catalog,
    spine.map((k) => k.name),
    false,
  )
  return { nullable: new Map(known.map((c) => [c.name, c.nullability === 'possible'])), same: sameColumns(lineage) }
}

/** Columns that are a source column as it is. */
export function sameColumns(
  lineage: ReturnType<typeof lineageOf>,
): ReadonlyMap<string, { relation: string; column: string }> {
  return new Map(
    lineage.flatMap(({ column, sources, unknown }) => {
      const direct = sources.filter((s) => isDirect(s.influence))
      const [only] = direct
      return !unknown && direct.length === 1 && only?.influence === 'identity'
        ? [[column, { relation: only.relation, column: only.column }] as const]
        : []
    }),
  )
}

const spineOf = (d: FeatureView | SampleDef | TargetDef): KeyColumn[] => [
  ...d.entity.keys,
  ...(d.kind === 'request' ? d.columns : []),
  { name: 'as_of', type: 'timestamptz' },
]
