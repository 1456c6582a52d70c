/** Column edges as the facets `columnLineage` and `lineage`. */
import { type Influence, openLineage } from '@viewcast/compiler'
import type { EdgeRow } from './dataset-rows.ts'
import type { DatasetName, Facet } from './event.ts'
import { type MakeFacet, present } from './facet.ts'
import { datasetName, type Naming } from './naming.ts'

interface Transformation {
  readonly type: 'DIRECT' | 'INDIRECT'
  readonly subtype?: string
  readonly description?: string
}

interface Source extends DatasetName {
  readonly field: string
  readonly transformations: readonly Transformation[]
}

/** These shape the rows; CONDITIONAL decides about one value only. */
const ofRows: ReadonlySet<string> = new Set(['join', 'filter', 'group by', 'sort', 'window'])

/**
 * Both facets of one dataset. What shapes the rows from one source column for every traced column of the dataset is said
 * once, of the dataset; the rest is said of its column.
 */
export function lineageFacets(
  edges: readonly EdgeRow[],
  naming: Naming,
  facet: MakeFacet,
): { readonly columnLineage?: Facet; readonly lineage?: Facet } {
  if (edges.length === 0) return {}
  const columns = new Set(edges.map((e) => e.to_column))
  const key = (e: EdgeRow): string => JSON.stringify([e.from_kind, e.from_namespace, e.from_name, e.from_column])
  const counts = new Map<string, number>()
  for (const e of edges) {
    for (const word of e.how ?? []) {
      if (ofRows.has(word)) counts.set(`${key(e)} ${word}`, (counts.get(`${key(e)} ${word}`) ?? 0) + 1)
    }
  }
  const isOfAll = (e: EdgeRow, word: string): boolean => counts.get(`${key(e)} ${word}`) === columns.size

  const fields = new Map<string, Source[]>([...columns].map((column) => [column, []]))
  const shared = new Map<string, Source>()
  for (const e of edges) {
    const named: DatasetName = datasetName(
      { kind: e.from_kind, namespace: e.from_namespace, name: e.from_name },
      naming,
    )
    const source = (words: readonly string[]): Source => ({
      ...named,
      field: e.from_column,
      transformations: words.map((word) => transformationOf(word, e.is_direct)),
    })
    const words = e.how ?? []
    const whole = words.filter((word) => isOfAll(e, word))
    const single = words.filter((word) => !isOfAll(e, word))
    if (whole.length > 0) shared.set(key(e), source(whole))
    if (single.length > 0 || words.length === 0) {
      fields
        .get(e.to_column)
        ?.push(
          words.length === 0
            ? { ...source([]), transformations: [{ type: e.is_direct ? 'DIRECT' : 'INDIRECT' }] }
            : source(single),
        )
    }
  }
  const whole = [...shared.values()]
  const typed = (s: Source) => ({
    namespace: s.namespace,
    name: s.name,
    type: 'DATASET',
    field: s.field,
    transformations: s.transformations,
  })
  return {
    columnLineage: facet('columnLineage', {
      fields: Object.fromEntries([...fields].map(([column, inputFields]) => [column, { inputFields }])),
      dataset: whole.length === 0 ? undefined : whole,
    }),
    lineage: facet('lineage', {
      inputs: whole.map(typed),
      fields: Object.fromEntries([...fields].map(([column, inputs]) => [column, { inputs: inputs.map(typed) }])),
    }),
  }
}

/** A word of the compiler; encoders and terms of a sum are transformations that OpenLineage has no word for. */
function transformationOf(word: string, isDirect: boolean): Transformation {
  if (Object.hasOwn(openLineage, word)) return openLineage[word as Influence]
  return present(
    isDirect
      ? { type: 'DIRECT', subtype: 'TRANSFORMATION', description: word }
      : { type: 'INDIRECT', description: word },
  ) as Transformation
}
