/** Models that are asked the same questions in one statement: each view of theirs once, each feature under a name of its own. */
import type { BoundDataset, BoundFeature, BoundUse } from '../analyse/bind.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { digest } from '../ir/digest.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Column } from '../ir/type.ts'
import { preparedName } from '../model/trees/inputs.ts'
import { questionColumns, type SpineBinding } from '../rewrite/bind-spine.ts'
import { type StageNames, stageNames } from '../rewrite/stage-names.ts'

export interface Asked {
  readonly record: ModelRecord
  readonly bound: BoundDataset
  /** Features to bring, inputs first. */
  readonly wanted: ReadonlySet<string>
}

export interface AskedTogether {
  /** The questions of the first, with the views of all. */
  readonly bound: BoundDataset
  /** What all of them want, under the names they have here. */
  readonly wanted: ReadonlySet<string>
  /** Columns of the questions that are inputs, under the names they have here. */
  readonly extras: readonly { readonly name: string; readonly column: Column }[]
  /** For each, feature → its name here. */
  readonly names: readonly ReadonlyMap<string, string>[]
}

/**
 * Binds models to the questions of the first of them. The first keeps the names of its features; of the others only those
 * are renamed that would stand for two things.
 *
 * Errors: `compile/challenger` where one of them cannot be asked what the first is.
 */
export function askedTogether(all: readonly Asked[], binding: SpineBinding): AskedTogether {
  const [first, ...others] = all
  if (first === undefined) throw new RangeError('There is nobody to ask')
  const sampleColumns = others.reduce(
    (known, other) => questionsOf(first, other, known, binding),
    [...first.bound.sampleColumns],
  )
  const names = freeNames(all, sampleColumns)
  const byIdentity = new Map<string, string>()
  const uses = new Map<string, { readonly use: BoundUse; readonly features: BoundFeature[] }>()
  const extras = new Map<string, Column>()
  const own = all.map(() => new Map<string, string>())
  const bring = (i: number, feature: string): void => {
    const { bound } = all[i] as Asked
    const found = identified(bound, feature)
    if (found === undefined) return
    const known = byIdentity.get(found.id)
    const name = known ?? names(i, feature)
    own[i]?.set(feature, name)
    if (known !== undefined) return
    byIdentity.set(found.id, name)
    if (found.extra) extras.set(name, found.extra)
    if (!found.use) return
    const use = uses.get(found.useId) ?? { use: found.use, features: [] }
    uses.set(found.useId, use)
    use.features.push({ ...found.feature, name })
  }
  // Inputs first: a feature that nobody reads must not take the name of one.
  for (const [i, { record }] of all.entries()) for (const { feature } of record.inputs) bring(i, feature)
  for (const [i, { wanted }] of all.entries()) for (const feature of wanted) bring(i, feature)
  const merged = inOrder(all, uses).map(({ use, features }): BoundUse => ({ ...use, features }))
  return {
    bound: {
      ...first.bound,
      sampleColumns,
      uses: merged,
      features: merged.flatMap((u) => u.features),
      extras: [...extras.values()],
      labels: [],
      targetOn: [],
    },
    wanted: new Set([
      ...merged.flatMap((u) => u.features.map((f) => f.name)),
      ...[...extras.values()].map((c) => c.name),
    ]),
    extras: [...extras].map(([name, column]) => ({ name, column })),
    names: own,
  }
}

type Identified = { readonly id: string } & (
  | { readonly extra: Column; readonly use?: never }
  | { readonly extra?: never; readonly use: BoundUse; readonly useId: string; readonly feature: BoundFeature }
)

/** What a name stands for: a column of the questions, or one of a view that is joined in some way. */
function identified(bound: BoundDataset, name: string): Identified | undefined {
  const extra = bound.extras.find((c) => c.name === name)
  if (extra) return { id: JSON.stringify([name]), extra }
  for (const use of bound.uses) {
    const feature = use.features.find((f) => f.name === name)
    if (feature === undefined) continue
    const useId = idOf(use)
    return { id: JSON.stringify([useId, feature.column]), use, useId, feature }
  }
  return undefined
}

/** Prepared apart, one view is two objects. */
const idOf = ({ use, on }: BoundUse): string => digest([use.view, on])

/** In the order of the datasets, whatever the inputs are in. */
function inOrder<T>(all: readonly Asked[], uses: ReadonlyMap<string, T>): T[] {
  const ids = new Set(all.flatMap(({ bound }) => bound.uses.map(idOf)))
  return [...ids].flatMap((id) => uses.get(id) ?? [])
}

/** The first has its names; what a fence makes of trees' inputs stands beside them and keeps its own. */
function freeNames(all: readonly Asked[], columns: readonly Column[]): (of: number, feature: string) => string {
  const prepared = new Set(
    all.flatMap(({ record: { trees, inputs } }) =>
      trees === undefined ? [] : inputs.map((input, i) => preparedName(input.feature, i)),
    ),
  )
  const [first] = all
  const firsts = first ? [...first.bound.extras, ...first.bound.features].map((f) => f.name) : []
  const free = uniqueNames([...columns.map((c) => c.name), ...prepared, ...firsts])
  return (of, feature) => (of === 0 && !prepared.has(feature) ? feature : free.take(feature))
}

/** Names of columns, none twice. */
export const uniqueNames = (taken: Iterable<string>): StageNames =>
  stageNames({ relations: new Set(taken), ctes: new Set() })

/** The columns of the questions with those that another model needs beside them. */
function questionsOf(first: Asked, other: Asked, known: readonly Column[], binding: SpineBinding): Column[] {
  const refuse = (reason: string): never =>
    fail('compile/challenger', { challenger: other.record.name, champion: first.record.name, reason })
  const keysOf = ({ bound }: Asked) => bound.dataset.sample.entity.keys
  const inWords = (some: Asked): string =>
    keysOf(some)
      .map((k) => `${k.name} ${k.type}`)
      .join(', ')
  const sorted = (some: Asked): string =>
    digest(
      keysOf(some)
        .map((k) => `${k.name} ${k.type}`)
        .sort(),
    )
  if (sorted(first) !== sorted(other)) {
    refuse(`it is asked with the keys ${inWords(other)}, and the champion with ${inWords(first)}`)
  }
  if (other.bound.hasAsOf && !first.bound.hasAsOf) refuse('it is asked about an instant, and the champion about none')
  const { entity } = first.bound.dataset.sample
  const isSample = binding.kind === 'sample' || (binding.kind === 'entities' && entity.from === undefined)
  // A function has the parameters of the champion: who calls it must not bring more for the sake of another.
  const brought =
    binding.kind === 'parameters' ? new Set(questionColumns(first.bound, first.wanted).map((c) => c.name)) : undefined
  const more: Column[] = []
  for (const column of questionColumns(other.bound, other.wanted)) {
    const there = known.find((c) => c.name === column.name)
    if (there && there.type !== column.type) {
      refuse(`its questions have ${column.name} as ${column.type}, and those of the champion as ${there.type}`)
    }
    if (brought && !brought.has(column.name)) {
      refuse(`its questions bring ${column.name}, and those of the champion do not`)
    }
    if (there) continue
    if (isSample)
      refuse(`its questions have the column ${column.name}, and those of the champion have none of that name`)
    more.push(column)
  }
  return [...known, ...more]
}
