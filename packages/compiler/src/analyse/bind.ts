/**
 * Binds a dataset's declarations to what the database says of them: which columns each view returns, which of them are
 * features, how they join. Collects every problem it finds; changes nothing.
 */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import type { Catalog } from '../ir/catalog.ts'
import {
  type DatasetDef,
  type FeatureMeta,
  type FeatureUse,
  type FeatureView,
  isPlain,
  type SampleDef,
  structuralColumns,
  type TargetDef,
} from '../ir/definition.ts'
import type { Column, SqlType } from '../ir/type.ts'
import { aggregateColumns } from './aggregate-columns.ts'
import { bindBrought, bindKeys, bindSampleKeys, type Keyed, type KeyPairs } from './bind-keys.ts'
import { bindHorizon, type Censoring, labelsOf } from './bind-target.ts'

/** What introspection and describe found, as data. */
export interface Facts {
  readonly catalog: Catalog
  /**
   * Columns of each definition's query: by definition for views, samples and targets; for aggregates, of the event source.
   */
  readonly columns: (definition: FeatureView | SampleDef | TargetDef) => readonly Column[]
}

export interface BoundFeature {
  /** Name in the dataset, prefix included. */
  readonly name: string
  /** Column of the view. */
  readonly column: string
  readonly type: SqlType
  readonly isEnum: boolean
  readonly meta: FeatureMeta
}

export interface BoundUse {
  readonly use: FeatureUse
  /** View key → sample column. */
  readonly on: KeyPairs
  readonly features: readonly BoundFeature[]
}

export interface BoundDataset {
  readonly dataset: DatasetDef
  readonly sampleColumns: readonly Column[]
  readonly hasAsOf: boolean
  readonly uses: readonly BoundUse[]
  /** Features of all uses, in order. */
  readonly features: readonly BoundFeature[]
  /** Sample columns that are neither keys nor as_of nor weight: request columns a model may also use. */
  readonly extras: readonly Column[]
  readonly labels: readonly Column[]
  readonly targetOn: KeyPairs
  /** Seconds the outcome takes. */
  readonly horizon?: number
  /** How rows with an incomplete outcome are told. */
  readonly censoring?: Censoring
}

const quoted = (view: { name: string; kind: string }): string => `view "${view.name}"`

/** Binds a dataset. The diagnostics name all problems at once; with errors among them the value is not to be used. */
export function bindDataset(dataset: DatasetDef, facts: Facts): { value: BoundDataset; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const sampleColumns = facts.columns(dataset.sample)
  const names = sampleColumns.map((c) => c.name)
  const asOf = sampleColumns.find((c) => c.name === 'as_of')
  if (asOf && asOf.type !== 'timestamptz') {
    diagnostics.push(
      diagnostic('time/type', {
        view: `sample "${dataset.sample.name}"`,
        column: 'as_of',
        type: asOf.type,
        expected: 'timestamptz',
      }),
    )
  }
  bindSampleKeys(dataset, sampleColumns, diagnostics)
  const uses = dataset.features.map((use) =>
    bindUse(use, dataset, facts, sampleColumns, asOf !== undefined, diagnostics),
  )
  const target = dataset.target
  const targetColumns = target ? facts.columns(target) : []
  const targetOn = target ? bindKeys(targetKeys(target, targetColumns), dataset, sampleColumns, diagnostics) : []
  const keys = new Set(dataset.sample.entity.keys.map((k) => k.name))
  const labels = target
    ? labelsOf(
        target,
        targetColumns,
        targetOn.map(([key]) => key),
        diagnostics,
      )
    : []
  const usedAsKey = new Set([...uses.flatMap((u) => u.on.map(([, c]) => c)), ...targetOn.map(([, c]) => c)])
  const features = uses.flatMap((u) => u.features)
  const taken = new Set(['as_of', dataset.sample.weight, ...keys, ...usedAsKey, ...features.map((f) => f.name)])
  const extras = sampleColumns.filter((c) => !taken.has(c.name))
  checkNames(dataset, uses, labels, names, diagnostics)
  checkSplit(dataset, names, diagnostics)
  const horizon = bindHorizon(dataset, facts, asOf !== undefined, diagnostics)
  return {
    value: {
      dataset,
      sampleColumns,
      hasAsOf: asOf !== undefined,
      uses,
      features,
      extras,
      labels,
      targetOn,
      ...horizon,
    },
    diagnostics,
  }
}

function bindUse(
  use: FeatureUse,
  dataset: DatasetDef,
  facts: Facts,
  sample: readonly Column[],
  hasAsOf: boolean,
  diagnostics: Diagnostic[],
): BoundUse {
  const { view } = use
  const described = facts.columns(view)
  const keyed = { title: quoted(view), entity: view.entity, ...(use.on === undefined ? {} : { on: use.on }) }
  const on = bindKeys({ ...keyed, ...ownKeys(view, described) }, dataset, sample, diagnostics)
  if (view.kind === 'request') bindBrought(view, dataset, sample, diagnostics)
  if (asksInstant(view) && !hasAsOf) {
    diagnostics.push(diagnostic('time/needs-as-of', { view: quoted(view), sample: dataset.sample.name }))
  }
  const columns = view.kind === 'aggregates' ? aggregateColumns(view, described, diagnostics) : described
  checkTime(view, described, diagnostics)
  checkTieBreak(view, described, diagnostics)
  const own = structuralColumns(view)
  const available = columns.filter((c) => !own.has(c.name))
  const featureNames = available.map((c) => c.name)
  for (const name of Object.keys(view.features)) {
    if (!featureNames.includes(name)) {
      diagnostics.push(
        diagnostic('view/unknown-column', { view: quoted(view), column: name, ...nearParameter(name, featureNames) }),
      )
    }
  }
  for (const name of use.pick ?? []) {
    if (!featureNames.includes(name)) {
      diagnostics.push(
        diagnostic('view/unknown-column', { view: quoted(view), column: name, ...nearParameter(name, featureNames) }),
      )
    }
  }
  const features = available
    .filter((c) => use.pick === undefined || use.pick.includes(c.name))
    .map((c) => ({
      name: `${use.prefix ?? ''}${c.name}`,
      column: c.name,
      ...typeOf(view, c, sample),
      meta: view.features[c.name] ?? {},
    }))
  return { use, on, features }
}

/** A column of the question that is a feature as it is has the type the sample gives it. */
function typeOf(view: FeatureView, c: Column, sample: readonly Column[]): Pick<BoundFeature, 'type' | 'isEnum'> {
  const own = view.kind === 'request' && isPlain(view) ? sample.find((s) => s.name === c.name) : undefined
  const { type, isEnum } = own ?? c
  return { type, isEnum: isEnum ?? false }
}

/** Where the keys of what is joined are found in the columns that were described. */
const ownKeys = (view: FeatureView, described: readonly Column[]): Pick<Keyed, 'described' | 'columns'> =>
  view.kind === 'request' ? {} : view.kind === 'aggregates' ? { described, columns: view.spec.keys } : { described }

const targetKeys = (target: TargetDef, described: readonly Column[]): Keyed => ({
  title: `target "${target.name}"`,
  entity: target.entity,
  described,
  ...(target.outcomes ? { columns: target.outcomes.keys } : {}),
})

/** A request view does where its query names the instant. */
const asksInstant = (view: FeatureView): boolean =>
  view.kind === 'request' ? view.query.kind === 'sql' && /\bas_of\b/.test(view.query.text) : view.kind !== 'static'

function checkTime(view: FeatureView, described: readonly Column[], diagnostics: Diagnostic[]): void {
  const times =
    view.kind === 'history'
      ? [view.time, view.knownAt]
      : view.kind === 'aggregates'
        ? [view.spec.time, view.spec.knownAt]
        : view.kind === 'window'
          ? ['as_of']
          : []
  for (const name of times) {
    if (name === undefined) continue
    const column = described.find((c) => c.name === name)
    if (column && column.type !== 'timestamptz') {
      diagnostics.push(
        diagnostic('time/type', { view: quoted(view), column: name, type: column.type, expected: 'timestamptz' }),
      )
    }
    if (!column && view.kind === 'window') diagnostics.push(diagnostic('view/missing-as-of', { view: quoted(view) }))
    if (!column && view.kind === 'history') {
      diagnostics.push(
        diagnostic('view/missing-time', {
          view: quoted(view),
          column: name,
          ...nearParameter(
            name,
            described.map((c) => c.name),
          ),
        }),
      )
    }
  }
}

function checkTieBreak(view: FeatureView, described: readonly Column[], diagnostics: Diagnostic[]): void {
  if (view.kind !== 'history') return
  const names = described.map((c) => c.name)
  for (const { column } of view.tieBreak ?? []) {
    if (names.includes(column)) continue
    diagnostics.push(diagnostic('view/unknown-column', { view: quoted(view), column, ...nearParameter(column, names) }))
  }
}

function checkNames(
  dataset: DatasetDef,
  uses: readonly BoundUse[],
  labels: readonly Column[],
  sampleNames: readonly string[],
  diagnostics: Diagnostic[],
): void {
  const owner = new Map<string, string>(sampleNames.map((n) => [n, `sample "${dataset.sample.name}"`]))
  const replaced = new Set<string>()
  const add = (name: string, by: string) => {
    const first = owner.get(name)
    if (first !== undefined) {
      diagnostics.push(
        diagnostic('dataset/duplicate-column', { dataset: dataset.name, column: name, first, second: by }),
      )
    }
    owner.set(name, by)
  }
  for (const { use, features } of uses) {
    const { view } = use
    const brought = view.kind === 'request' ? view.columns.map((c) => c.name) : []
    for (const f of features) {
      // What a request view makes of a column it is asked with stands for that column.
      const replaces = brought.includes(f.name) && sampleNames.includes(f.name) && !replaced.has(f.name)
      if (replaces) {
        replaced.add(f.name)
        owner.set(f.name, quoted(view))
      } else add(f.name, quoted(view))
    }
  }
  for (const l of labels) add(l.name, `target "${dataset.target?.name}"`)
}

/** The columns a split is by; the instants of one by time, in order. */
function checkSplit({ sample }: DatasetDef, sampleNames: readonly string[], diagnostics: Diagnostic[]): void {
  const { split } = sample
  const view = `the split of sample "${sample.name}"`
  if (split.kind === 'hash') {
    for (const column of split.by ?? []) {
      if (sampleNames.includes(column)) continue
      diagnostics.push(diagnostic('view/unknown-column', { view, column, ...nearParameter(column, sampleNames) }))
    }
  }
  if (split.kind === 'time' && !sampleNames.includes('as_of')) {
    diagnostics.push(diagnostic('time/needs-as-of', { view, sample: sample.name }))
  }
}
