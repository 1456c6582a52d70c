/** Assets of the store as datasets of OpenLineage, with what the catalog says of them. */
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import { lineageFacets } from './column-lineage.ts'
import { type AssetRow, assetRows, type EdgeRow, edgeRows } from './dataset-rows.ts'
import { type Dataset, type DatasetEvent, datasetEvent, type Facets } from './event.ts'
import { collected, facetsOf, type MakeFacet, present } from './facet.ts'
import { datasetName, type Naming, namingOf } from './naming.ts'

/**
 * Assets of the store as OpenLineage datasets, by id: schema, columnLineage, lineage, datasetType, documentation,
 * ownership, tags, dataSource. Two statements, whatever their number.
 *
 * @param versions Ids of the versions of models whose columns are meant; default those in use.
 */
export async function datasetsOf(
  store: Store,
  ids: readonly string[],
  naming: Naming,
  versions: readonly string[] = [],
): Promise<ReadonlyMap<string, Dataset>> {
  if (ids.length === 0) return new Map()
  const assets = await assetRows(store, ids)
  const edges = new Map<string, EdgeRow[]>()
  for (const e of await edgeRows(store, ids, versions)) {
    const there = edges.get(e.to)
    if (there) there.push(e)
    else edges.set(e.to, [e])
  }
  const facet = facetsOf(naming.producer)
  return new Map(
    assets.map((a) => [
      a.id,
      { ...datasetName(a, naming), facets: datasetFacets(a, edges.get(a.id) ?? [], naming, facet) },
    ]),
  )
}

/**
 * Assets as DatasetEvents, for services that take metadata apart from runs. Default: all of the store that are not deleted.
 *
 * @example
 * ```ts
 * const lines = (await datasetEvents(store)).map((event) => JSON.stringify(event))
 * ```
 */
export async function datasetEvents(store: Store, ids?: readonly string[]): Promise<readonly DatasetEvent[]> {
  const naming = await namingOf(store)
  const wanted =
    ids ??
    (await store.db.rows<{ id: string }>(`SELECT id FROM viewcast.asset WHERE lifecycle <> 'deleted' ORDER BY id`)).map(
      (r) => r.id,
    )
  const at = new Date().toISOString()
  return [...(await datasetsOf(store, wanted, naming)).values()].map((d) => datasetEvent(d, at, naming.producer))
}

function datasetFacets(asset: AssetRow, edges: readonly EdgeRow[], naming: Naming, facet: MakeFacet): Facets {
  const { texts, columns } = asset
  const owners = wordsOf(texts.owners)
  const tags = [
    ...tagsOf(texts.tags),
    ...columns.flatMap((c) => tagsOf(c.texts.tags).map((tag) => ({ ...tag, field: c.name }))),
  ]
  const description = textOf(texts.description)
  const isRelation = asset.kind === 'source' || asset.kind === 'deployment'
  return collected({
    datasetType: facet('datasetType', typeOf(asset)),
    schema:
      columns.length === 0
        ? undefined
        : facet('schema', {
            fields: columns.map((c, i) =>
              present({
                name: c.name,
                type: c.type,
                description: textOf(c.texts.description),
                ordinal_position: i + 1,
              }),
            ),
          }),
    documentation: description === undefined ? undefined : facet('documentation', { description }),
    ownership: owners.length === 0 ? undefined : facet('ownership', { owners: owners.map((name) => ({ name })) }),
    tags: tags.length === 0 ? undefined : facet('tags', { tags: tags.map((t) => ({ ...t, source: 'USER' })) }),
    dataSource: isRelation ? facet('dataSource', { name: naming.tables, uri: naming.tables }) : undefined,
    ...lineageFacets(edges, naming, facet),
  })
}

const typeOfKind: Readonly<Record<AssetKind, string>> = {
  source: 'TABLE',
  feature_view: 'VIEW',
  sample: 'VIEW',
  target: 'VIEW',
  dataset: 'VIEW',
  model: 'MODEL',
  prediction: 'VIEW',
  deployment: 'VIEW',
  consumer: 'REPORT',
}

function typeOf({ kind, relation }: AssetRow): { readonly datasetType: string; readonly subType?: string } {
  if (relation === 'm') return { datasetType: 'VIEW', subType: 'MATERIALIZED' }
  if (relation === 'f') return { datasetType: 'TABLE', subType: 'EXTERNAL' }
  if (relation !== null) return { datasetType: relation === 'v' ? 'VIEW' : 'TABLE' }
  if (kind === 'source' || kind === 'deployment' || kind === 'model') return { datasetType: typeOfKind[kind] }
  return { datasetType: typeOfKind[kind], subType: kind.toUpperCase() }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** A list of names, one name, or a list of objects that have one. */
function wordsOf(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.flatMap((v: unknown) => textOf(v) ?? textOf((v as { name?: unknown } | null | undefined)?.name) ?? [])
}

/** A list of words, or words with values. */
function tagsOf(value: unknown): readonly { readonly key: string; readonly value: string }[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).map(([key, v]) => ({ key, value: typeof v === 'string' ? v : JSON.stringify(v) }))
  }
  return wordsOf(value).map((key) => ({ key, value: 'true' }))
}
