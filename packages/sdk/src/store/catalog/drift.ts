/** Where what is said in one place is not what is said, or is so, in another. */
import type { Project } from '../../project/project.ts'
import type { Store } from '../store.ts'
import type { StoredAsset, StoredColumn } from './entry-rows.ts'
import type { EntryName } from './find-entry.ts'
import type { FoundAsset, FoundColumn } from './found.ts'
import { findProject } from './project-found.ts'
import { partFor } from './sub-project.ts'
import { told } from './texts.ts'

export interface Drift {
  /**
   * - `hidden-edit`: what was edited does not show, because the code says otherwise;
   * - `comment`: the comment of the database says something else than what counts;
   * - `gone`: not declared any more, or not in the database;
   * - `column-gone`, `column-new`, `type`, `nullable`: the columns are other ones than at the last synchronisation;
   * - `declaration`: the code says something else than at the last synchronisation.
   */
  readonly kind: 'hidden-edit' | 'comment' | 'gone' | 'column-gone' | 'column-new' | 'type' | 'nullable' | 'declaration'
  readonly column?: string
  readonly field?: string
  /** What counts, or what the catalog has. */
  readonly catalog: unknown
  /** What the other place says. */
  readonly other: unknown
}

/** Drift among the texts that the store has. */
export function textDrift(asset: StoredAsset, columns: readonly StoredColumn[]): Drift[] {
  const of = (said: StoredAsset | StoredColumn, column?: string): Drift[] => {
    const { texts } = told<object>(said)
    const counts = texts as Readonly<Record<string, unknown>>
    const own = column === undefined ? {} : { column }
    const differing = (layer: object): [string, unknown][] =>
      Object.entries(layer).filter(([field, text]) => JSON.stringify(counts[field]) !== JSON.stringify(text))
    return [
      ...differing(said.edited).map(
        ([field, other]): Drift => ({ kind: 'hidden-edit', ...own, field, catalog: counts[field], other }),
      ),
      ...differing(said.commented).map(
        ([field, other]): Drift => ({ kind: 'comment', ...own, field, catalog: counts[field], other }),
      ),
    ]
  }
  return [
    ...(asset.gone_at === null ? [] : [{ kind: 'gone' as const, catalog: asset.gone_at, other: null }]),
    ...of(asset),
    ...columns.filter((c) => c.dropped_at === null).flatMap((c) => of(c, c.name)),
  ]
}

/** What changed since the last synchronisation: the definition is described, or the relation looked at, anew. */
export async function schemaDrift(
  store: Store,
  project: Project,
  entry: EntryName,
  asset: StoredAsset,
  columns: readonly StoredColumn[],
): Promise<Drift[]> {
  // What a model returns is known from its versions, a consumer from nobody but its people.
  if (entry.kind === 'prediction' || entry.kind === 'consumer' || asset.cataloged_at === null) return []
  const found = await findProject(store.db, partFor(project, entry))
  const isRelation = entry.kind === 'source' || entry.kind === 'deployment'
  const now = isRelation
    ? found.relation(entry.name)
    : found.assets.find((a) => a.kind === entry.kind && a.name === entry.name)
  if (!now) return asset.gone_at === null ? [{ kind: 'gone', catalog: null, other: null }] : []
  return [...(isRelation ? [] : declarationDrift(asset.declared, now)), ...columnsDrift(columns, now)]
}

const declarationDrift = (declared: object, now: Omit<FoundAsset, 'kind'>): Drift[] => {
  const was = declared as Readonly<Record<string, unknown>>
  const is = now.declared as Readonly<Record<string, unknown>>
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .sort()
    .flatMap((field): Drift[] =>
      same(was[field], is[field])
        ? []
        : [{ kind: 'declaration', field, catalog: was[field] ?? null, other: is[field] ?? null }],
    )
}

function columnsDrift(stored: readonly StoredColumn[], now: Omit<FoundAsset, 'kind'>): Drift[] {
  if (now.columns === undefined) return []
  const there = new Map(stored.filter((c) => c.dropped_at === null).map((c) => [c.name, c]))
  const found = new Map(now.columns.map((c) => [c.name, c]))
  const gone = [...there.values()].filter((c) => !found.has(c.name))
  return [
    ...gone.map((c): Drift => ({ kind: 'column-gone', column: c.name, catalog: c.pg_type, other: null })),
    ...now.columns.flatMap((c): Drift[] => {
      const was = there.get(c.name)
      if (!was) return [{ kind: 'column-new', column: c.name, catalog: null, other: c.type ?? null }]
      return oneColumn(was, c)
    }),
  ]
}

function oneColumn(was: StoredColumn, is: FoundColumn): Drift[] {
  const type = is.type ?? null
  const nullable = is.nullable ?? null
  return [
    ...(was.pg_type === type ? [] : [{ kind: 'type' as const, column: is.name, catalog: was.pg_type, other: type }]),
    ...(was.nullable === nullable
      ? []
      : [{ kind: 'nullable' as const, column: is.name, catalog: was.nullable, other: nullable }]),
    ...(same(was.commented, is.commented)
      ? []
      : [
          {
            kind: 'comment' as const,
            column: is.name,
            field: 'description',
            catalog: was.commented.description ?? null,
            other: is.commented.description ?? null,
          },
        ]),
  ]
}

/** Objects of JSON, whose keys the database puts in an order of its own. */
const same = (a: unknown, b: unknown): boolean => sorted(a) === sorted(b)
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1)))
      : v,
  ) ?? ''
