/** Asks the database what each query returns, and the text what it says of keys: sources become candidates. */
import {
  type Catalog,
  type Column,
  type DescribeQuery,
  type Diagnostic,
  describeQuery,
  emptyCatalog,
  findRelation,
  isViewcastError,
  lineageOf,
  type RelationName,
  type SpineColumn,
  type StaticView,
  spineColumns,
  uniqueKeys,
  type ViewQuery,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { describeOne } from '../project/describe-definition.ts'
import type { Candidate, CandidateColumn, CandidateQuery, KeyClue, KeyedRelation, NamedEntity } from './candidate.ts'
import { isTime } from './infer-keys.ts'
import { looksLikeKey } from './infer-names.ts'

/** A view before its columns are known. */
export interface Source {
  readonly name: string
  readonly place: string
  /** How it will be declared. */
  readonly query: CandidateQuery
  /** Text to look at: that of the file, or of the definition behind the relation. */
  readonly text?: string
  /** The SELECT that fills a table: it proves what the table itself does not. */
  readonly proof?: string
  readonly keys?: readonly KeyClue[]
  readonly time?: string
  readonly reserved?: readonly string[]
  readonly description?: string
  readonly tags?: readonly string[]
  readonly remarks?: readonly string[]
  /** What a manifest says of its columns. */
  readonly documented?: readonly CandidateColumn[]
}

export interface Looked {
  readonly candidates: readonly Candidate[]
  readonly findings: readonly Diagnostic[]
}

/** Looks at every source; those the database refuses become findings and the others go on. The parser must be loaded. */
export async function describeCandidates(
  sources: readonly Source[],
  db: Database | undefined,
  catalog: Catalog | undefined,
  named: readonly NamedEntity[],
): Promise<Looked> {
  const candidates: Candidate[] = []
  const findings: Diagnostic[] = []
  for (const source of sources) {
    try {
      const query = describeQuery(definitionOf(source, []), catalog ?? emptyCatalog)
      const spine = withTypes(spineColumns(query.facts, catalog ?? emptyCatalog), named)
      const returned = db && catalog ? await returnedBy(db, source, spine, catalog) : undefined
      findings.push(...(returned ?? query).warnings, ...(returned?.problems ?? []))
      if (returned && !returned.columns) continue
      const columns = returned?.columns ?? unaskedColumns(query, source)
      candidates.push(candidateOf(source, query, columns, spine, catalog ?? emptyCatalog))
    } catch (e) {
      if (!isViewcastError(e)) throw e
      findings.push(...e.diagnostics)
    }
  }
  return { candidates, findings }
}

function definitionOf(source: Source, keys: readonly SpineColumn[]): StaticView {
  const query: ViewQuery =
    source.text === undefined && source.query.kind === 'relation'
      ? source.query
      : { kind: 'sql', text: source.text ?? '', origin: originOf(source) }
  const typed = keys.map((k) => ({ name: k.name, type: k.type ?? 'text' }))
  const entity = { kind: 'entity' as const, name: 'entity', keys: typed }
  return { kind: 'static', name: source.name, entity, query, features: {} }
}

const originOf = ({ query }: Source) =>
  query.kind === 'file'
    ? { kind: 'file' as const, path: query.path }
    : { kind: 'relation' as const, relation: query.relation }

/** The user's type for a key wins over what the text compares it with. */
const withTypes = (
  spine: readonly SpineColumn[] | undefined,
  named: readonly NamedEntity[],
): readonly SpineColumn[] | undefined =>
  spine?.map((column) => {
    const type = named.flatMap((n) => n.keys).find((k) => k.name === column.name && k.type !== undefined)?.type
    return type === undefined ? column : { ...column, type }
  })

async function returnedBy(
  db: Database,
  source: Source,
  spine: readonly SpineColumn[] | undefined,
  catalog: Catalog,
): ReturnType<typeof describeOne> {
  const first = await describeOne(db, definitionOf(source, spine ?? []), catalog)
  const untyped = spine?.some((c) => c.type === undefined) === true
  if (first.columns || !untyped) return first
  // A key of `spine` whose type nothing tells: integers are what keys most often are.
  const integers = spine?.map((c) => ({ ...c, type: c.type ?? 'int4' })) ?? []
  const second = await describeOne(db, definitionOf(source, integers), catalog)
  return second.columns ? second : first
}

/** Without a database: the names the text gives, or what a manifest documents. */
function unaskedColumns(query: DescribeQuery, source: Source): readonly CandidateColumn[] {
  const documented = source.documented ?? []
  const names = query.facts.outputs.flatMap((o) => o.name ?? [])
  if (names.length === 0 || names.length < query.facts.outputs.length) return documented
  return names.map((name) => documented.find((d) => d.name === name) ?? { name })
}

function candidateOf(
  source: Source,
  query: DescribeQuery,
  columns: readonly (Column | CandidateColumn)[],
  spine: readonly SpineColumn[] | undefined,
  catalog: Catalog,
): Candidate {
  const { text: _text, proof, keys: told, documented, ...rest } = source
  const distinct = columns.filter((c, i) => columns.findIndex((d) => d.name === c.name) === i)
  const spineNames = spine ? [...spine.map((c) => c.name), 'as_of'] : []
  const lineage = lineageIn(query, catalog, spineNames)
  const own =
    source.query.kind === 'relation'
      ? findRelation(catalog, source.query.relation.name, source.query.relation.schema)
      : undefined
  const described = distinct.map((column): CandidateColumn => {
    const traced = lineage.find((l) => l.column === column.name)
    const [from] = traced?.sources.filter((s) => s.influence === 'identity') ?? []
    const base = from && catalog.relations.find((r) => `${r.schema}.${r.name}` === from.relation)
    const said = documented?.find((d) => d.name === column.name)
    const comment = own?.columns.find((c) => c.name === column.name)?.description
    const inherited = base?.columns.find((c) => c.name === from?.column)?.description
    const description = said?.description ?? comment ?? column.description ?? inherited
    return {
      name: column.name,
      ...(column.type === undefined ? {} : { type: column.type }),
      ...(column.isEnum === true ? { isEnum: true } : {}),
      ...(description === undefined ? {} : { description }),
      ...(said?.unit === undefined ? {} : { unit: said.unit }),
      ...(from && from.relation !== 'spine' ? { source: { relation: from.relation, column: from.column } } : {}),
    }
  })
  const filled = proof === undefined ? undefined : proofOf(source, proof, catalog)
  const proven = spine
    ? []
    : [query, ...(filled ? [filled] : [])].flatMap((q) => uniqueKeys(q.facts, keyLike(described), catalog))
  const description = source.description ?? own?.comment ?? leadingComment(query.text)
  return {
    ...rest,
    columns: described,
    keys: [...(told ?? []), ...indexKeys(own), ...proven],
    ...(spine ? { spine } : {}),
    ...(description === undefined ? {} : { description }),
    sumsUp: spine ? [] : summedUp(filled ? lineageIn(filled, catalog) : lineage, catalog),
  }
}

type Lineage = ReturnType<typeof lineageOf>

const lineageIn = (query: DescribeQuery, catalog: Catalog, spine: readonly string[] = []): Lineage =>
  lineageOf(query.text, { view: query.view, file: query.file }, catalog, spine)

/** A model's text says nothing where it does not parse; its table is there all the same. */
function proofOf(source: Source, proof: string, catalog: Catalog): DescribeQuery | undefined {
  try {
    return describeQuery(definitionOf({ ...source, text: proof }, []), catalog)
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return undefined
  }
}

/** A materialised view may be unique by an index where its text proves nothing. */
const indexKeys = (own: Catalog['relations'][number] | undefined): KeyClue[] =>
  own?.kind === 'materialized'
    ? own.indexes
        .filter((i) => i.unique && i.total && i.columns.length > 0)
        .map((i) => ({ columns: i.columns, by: 'source' }))
    : []

const noKey = new Set(['float4', 'float8', 'bool', 'json', 'jsonb', 'bytea', 'interval', 'xml', 'point', 'tsvector'])

/** Columns that may be part of a key, those first whose names say so, then times, then the rest in order. */
function keyLike(columns: readonly CandidateColumn[]): string[] {
  const possible = columns.filter((c) => !noKey.has(c.type ?? '') && !c.type?.startsWith('_'))
  const rank = (c: CandidateColumn) => (looksLikeKey(c.name) ? 0 : isTime(c.type) ? 1 : 2)
  return possible.sort((a, b) => rank(a) - rank(b)).map((c) => c.name)
}

/** Relations with an instant of their own whose rows are summed up without a word about time. */
function summedUp(lineage: Lineage, catalog: Catalog): string[] {
  const sources = lineage.flatMap((l) => l.sources)
  const summed = new Set(sources.filter((s) => s.influence === 'aggregation').map((s) => s.relation))
  return [...summed].sort().filter((name) => {
    const relation = catalog.relations.find((r) => `${r.schema}.${r.name}` === name)
    return relation?.columns.some((c) => c.type === 'timestamptz' || c.type === 'timestamp') === true
  })
}

/** Comments before the first word, as one text: `-- What it is.` and the like. */
function leadingComment(text: string): string | undefined {
  const head = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(text)?.[0] ?? ''
  const words = head
    .replace(/^\s*--+/gm, ' ')
    .replace(/\/\*+|\*+\//g, ' ')
    .replace(/^\s*\*/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return words === '' ? undefined : words
}

/** Relations that are unique on something, shortest keys first: what entities may range over. */
export function keyedRelations(catalog: Catalog | undefined): KeyedRelation[] {
  return (catalog?.relations ?? [])
    .filter((r) => r.schema !== 'viewcast')
    .flatMap((r) => {
      const relation: RelationName = catalog?.searchPath.includes(r.schema)
        ? { name: r.name }
        : { schema: r.schema, name: r.name }
      return r.indexes
        .filter((i) => i.unique && i.total && i.columns.length > 0)
        .map((i) => ({
          relation,
          qualified: `${r.schema}.${r.name}`,
          key: i.columns.map((name) => ({ name, type: r.columns.find((c) => c.name === name)?.type ?? '' })),
        }))
        .filter((k) => !k.key.some((c) => c.type === '' || isTime(c.type)))
    })
    .sort((a, b) => a.key.length - b.key.length)
}
