/** Everything a project declares and reads, as the catalog has it. */
import {
  aggregateColumns,
  type BoundDataset,
  bindDataset,
  type CatalogRelation,
  type Column,
  type DatasetDef,
  type Diagnostic,
  type EntityDef,
  type Facts,
  findRelation,
  isFeatureView,
  isViewcastError,
  type ModelDef,
  queryOf,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import type { Queried } from '../../project/describe-definition.ts'
import type { Project } from '../../project/project.ts'
import { type DescribedProject, describeProject, relationsRead, textFacts } from './described-definitions.ts'
import type { EntityProp, FoundAsset, FoundColumn } from './found.ts'
import { relationReads } from './relation-reads.ts'
import {
  commented,
  commentsOf,
  declaredSources,
  declaredTimes,
  foundSource,
  relationTitle,
  withWhatTheyRead,
} from './sources-found.ts'
import { assetTexts, columnTexts } from './texts.ts'

export interface ProjectFound {
  readonly assets: readonly FoundAsset[]
  /** A relation that is asked for by name, whoever reads it; undefined when the database has none. */
  readonly relation: (name: string) => Omit<FoundAsset, 'kind'> | undefined
  /** Definitions that could not be read or described, and why. */
  readonly problems: readonly Diagnostic[]
}

export interface FindOptions {
  /** Every relation of the database, not only those the project reads. */
  readonly all?: boolean
}

/** Looks at a project and the database it is about; writes nothing. */
export async function findProject(db: Database, project: Project, options: FindOptions = {}): Promise<ProjectFound> {
  const described = await describeProject(db, project)
  const reads = await relationReads(db)
  const { catalog, datasets } = described
  const comments = commentsOf(catalog)
  const definitions = described.definitions.filter((d) => described.columns.has(d))
  const readBy = new Map(definitions.map((d) => [d, relationsRead(d, catalog)]))

  const facts: Facts = { catalog, columns: (d) => described.columns.get(d) ?? [] }
  const tried = datasets.map((d) => [d.name, boundOrNot(d, described, facts)] as const)
  const bound = new Map(tried.map(([name, { value }]) => [name, value]))
  const views = described.definitions.map((d) =>
    foundDefinition(d, readBy.get(d) ?? [], described, labelsIn(d, bound), comments),
  )
  const declared = declaredSources(datasets, catalog)
  const times = declaredTimes(definitions, catalog)
  const relation = (r: CatalogRelation) => {
    const says = declared.get(relationTitle(r))
    return foundSource(r, catalog, comments(r), reads.get(relationTitle(r)) ?? [], {
      texts: says?.texts ?? {},
      time: says?.time ?? times.get(relationTitle(r)),
    })
  }
  const byName = new Map(catalog.relations.map((r) => [relationTitle(r), r]))
  const entities = [...project.definitions.values()].filter((d) => d.kind === 'entity')
  const named = entities.flatMap((e) => {
    const r = e.from && findRelation(catalog, e.from.name, e.from.schema)
    return r ? [relationTitle(r)] : []
  })
  const scope = options.all
    ? byName.keys()
    : withWhatTheyRead([...[...readBy.values()].flat(), ...named, ...declared.keys()], reads)
  const sources = [...scope].flatMap((name): FoundAsset[] => {
    const r = byName.get(name)
    return r ? [{ kind: 'source', ...relation(r) }] : []
  })
  const models = [...project.definitions.values()].filter((d) => d.kind === 'model')
  return {
    assets: [
      ...sources,
      ...views,
      ...datasets.map((d) => foundDataset(d, bound.get(d.name))),
      ...models.flatMap((m) => foundModel(m, bound.get(m.dataset.name))),
    ],
    relation: (name) => {
      const r = byName.get(name)
      return r && relation(r)
    },
    problems: [...described.problems, ...tried.flatMap(([, { problems }]) => problems)],
  }
}

/** The dataset as it is bound, or what is wrong with it: its columns are then not known. */
function boundOrNot(
  dataset: DatasetDef,
  described: DescribedProject,
  facts: Facts,
): { readonly value?: BoundDataset; readonly problems: readonly Diagnostic[] } {
  const parts = [dataset.sample, ...(dataset.target ? [dataset.target] : []), ...dataset.features.map((u) => u.view)]
  // Why a part has no columns is told already.
  if (!parts.every((p) => described.columns.has(p))) return { problems: [] }
  try {
    const { value, diagnostics } = bindDataset(dataset, facts)
    const problems = diagnostics.filter((d) => d.severity === 'error')
    return problems.length > 0 ? { problems } : { value, problems }
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return { problems: e.diagnostics }
  }
}

/** The labels of a target whose SQL is written for it are known once it is bound. */
function labelsIn(d: Queried, bound: ReadonlyMap<string, BoundDataset | undefined>): readonly Column[] {
  if (d.kind !== 'target' || !d.outcomes) return []
  const one = [...bound.values()].find((b) => b?.dataset.target?.name === d.name)
  return one?.labels ?? Object.keys(d.outcomes.labels).map((name) => ({ name, type: '', nullable: true }))
}

function entityProp(e: EntityDef): EntityProp | null {
  // A request view may be of no entity.
  if (e.keys.length === 0) return null
  return { name: e.name, keys: e.keys.map((k) => k.name), ...assetTexts(e) }
}

function foundDefinition(
  d: Queried,
  reads: readonly string[],
  described: DescribedProject,
  labels: readonly Column[],
  comments: (r: CatalogRelation) => ReadonlyMap<string, string>,
): FoundAsset {
  const { catalog } = described
  const columns = described.columns.get(d)
  const query = queryOf(d)
  // The comment on a view that is taken as it is, is about it.
  const same =
    query.kind === 'relation' && isOwn(d)
      ? findRelation(catalog, query.relation.name, query.relation.schema)
      : undefined
  return {
    kind: d.kind === 'sample' || d.kind === 'target' ? d.kind : 'feature_view',
    name: d.name,
    declared: assetTexts(d),
    commented: commented(same?.comment),
    props: {
      form: isFeatureView(d) ? d.kind : null,
      entity: entityProp(d.entity),
      time: timeOf(d),
      ...(columns === undefined ? {} : { reads: reads.map((r) => `source ${r}`) }),
    },
    ...(columns === undefined ? {} : { columns: definitionColumns(d, columns, described, labels, comments) }),
  }
}

/** Whether its columns are those of its query. */
const isOwn = (d: Queried): boolean => d.kind !== 'aggregates' && !(d.kind === 'target' && d.outcomes !== undefined)

const timeOf = (d: Queried): string | null => (d.kind === 'history' ? d.time : null)

function definitionColumns(
  d: Queried,
  columns: readonly Column[],
  { catalog }: DescribedProject,
  labels: readonly Column[],
  comments: (r: CatalogRelation) => ReadonlyMap<string, string>,
): FoundColumn[] {
  const metas = isFeatureView(d) && typeof d.features === 'object' ? d.features : {}
  if (!isOwn(d)) {
    const made = d.kind === 'aggregates' ? aggregateColumns(d, columns, []) : labels
    const asked = [...d.entity.keys, { name: 'as_of', type: 'timestamptz' }]
    return [
      ...asked.map((k) => ({ name: k.name, type: k.type, declared: {}, commented: {} })),
      ...made.map((c) => ({
        name: c.name,
        ...(c.type === '' ? {} : { type: c.type }),
        nullable: c.nullable,
        declared: columnTexts(metas[c.name] ?? {}),
        commented: {},
      })),
    ]
  }
  const { nullable, same } = textFacts(d, catalog)
  const query = queryOf(d)
  const taken =
    query.kind === 'relation' ? findRelation(catalog, query.relation.name, query.relation.schema) : undefined
  const relations = new Map(catalog.relations.map((r) => [relationTitle(r), r]))
  return columns.map((c) => {
    const of = same.get(c.name)
    const relation = of && relations.get(of.relation)
    const may = nullable.get(c.name)
    return {
      name: c.name,
      type: c.type,
      ...(may === undefined ? {} : { nullable: may }),
      declared: columnTexts(metas[c.name] ?? {}),
      commented: commented(
        (taken && comments(taken).get(c.name)) ?? (of && relation && comments(relation).get(of.column)),
      ),
    }
  })
}

function foundDataset(d: DatasetDef, bound: BoundDataset | undefined): FoundAsset {
  const views = [...new Set(d.features.map((u) => u.view.name))]
  return {
    kind: 'dataset',
    name: d.name,
    declared: assetTexts(d),
    commented: {},
    props: {
      entity: entityProp(d.sample.entity),
      reads: [
        `sample ${d.sample.name}`,
        ...(d.target ? [`target ${d.target.name}`] : []),
        ...views.map((v) => `feature_view ${v}`),
      ],
    },
    ...(bound ? { columns: datasetColumns(bound) } : {}),
  }
}

const plainColumn = (c: Column): FoundColumn => ({ name: c.name, type: c.type, declared: {}, commented: {} })

const datasetColumns = (bound: BoundDataset): FoundColumn[] => {
  const features = bound.features.map(
    (f): FoundColumn => ({
      name: f.name,
      type: f.type,
      // It is joined with LEFT JOIN.
      nullable: f.meta.fill === undefined,
      declared: columnTexts(f.meta),
      commented: {},
    }),
  )
  const all = [...bound.sampleColumns.map(plainColumn), ...features, ...bound.labels.map(plainColumn)]
  return [...new Map(all.map((c) => [c.name, c])).values()]
}

/** The model, and what it returns: columns of predictions are known once it is trained. */
function foundModel(m: ModelDef, bound: BoundDataset | undefined): FoundAsset[] {
  const entity = entityProp(m.dataset.sample.entity)
  const declaredInputs = typeof m.inputs === 'object' ? Object.keys(m.inputs) : []
  const inputs = bound && (declaredInputs.length > 0 ? declaredInputs : bound.features.map((f) => f.name))
  const columns = bound && new Map(datasetColumns(bound).map((c) => [c.name, c]))
  const texts = assetTexts(m)
  return [
    {
      kind: 'model',
      name: m.name,
      declared: texts,
      commented: {},
      props: { entity, reads: [`dataset ${m.dataset.name}`], label: m.label, family: m.family },
      ...(inputs && columns
        ? { columns: inputs.flatMap((name) => [columns.get(name) ?? { name, declared: {}, commented: {} }]) }
        : {}),
    },
    {
      kind: 'prediction',
      name: m.name,
      // Who answers for a model answers for what it says.
      declared: {
        ...(texts.owners === undefined ? {} : { owners: texts.owners }),
        ...(texts.sla === undefined ? {} : { sla: texts.sla }),
      },
      commented: {},
      props: { entity, reads: [`model ${m.name}`] },
    },
  ]
}
