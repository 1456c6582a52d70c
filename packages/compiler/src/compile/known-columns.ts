/** What is known of the rows of a sample, as columns beside their scores. */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import type { Join, Projection, Stage } from '../ir/relation.ts'
import type { SqlType } from '../ir/type.ts'
import type { StageNames } from '../rewrite/stage-names.ts'
import { type Asked, uniqueNames } from './asked-together.ts'
import { sampleMarks } from './sample-marks.ts'

/** Names of columns, each where the dataset of the champion has it. */
export interface KnownColumns {
  readonly label?: { readonly column: string; readonly type: SqlType }
  readonly weight?: string
  /** `train`, `validation`, `test`, or NULL for rows in no part. */
  readonly split?: string
  readonly censored?: string
}

interface Known {
  readonly stages: readonly Stage[]
  readonly joins: readonly Join[]
  readonly columns: readonly (Projection & { readonly type: SqlType })[]
  readonly named: KnownColumns
}

export const nothingKnown: Known = { stages: [], joins: [], columns: [], named: {} }

/** With the label of the champion alone. */
export const withLabelOf = (champion: Asked | undefined, bound: BoundDataset): BoundDataset => ({
  ...bound,
  labels: champion?.bound.labels.filter((l) => l.name === champion.record.label) ?? [],
  targetOn: champion?.bound.targetOn ?? [],
})

const types: Readonly<Record<string, SqlType>> = { _weight: 'float8', _split: 'text', _censored: 'bool' }

/** The columns over the stage `spine`, under names that are not `taken`. */
export function knownColumns(
  bound: BoundDataset,
  spine: string,
  facts: Facts,
  names: StageNames,
  { label, taken }: { readonly label: Projection | undefined; readonly taken: readonly string[] },
): Known {
  const marks = sampleMarks(bound, spine, facts, names)
  const free = uniqueNames(taken)
  const type = bound.labels[0]?.type ?? 'text'
  const own = label && { ...marks.labelled(label, type), name: free.take('_label'), type }
  const named = new Map(marks.columns.map((c) => [c.name, free.take(c.name)]))
  const [weight, split, censored] = ['_weight', '_split', '_censored'].map((name) => named.get(name))
  return {
    stages: marks.stages,
    joins: marks.joins,
    columns: [
      ...(own ? [own] : []),
      ...marks.columns.map((c) => ({ ...c, name: named.get(c.name) ?? c.name, type: types[c.name] ?? 'text' })),
    ],
    named: {
      ...(own ? { label: { column: own.name, type } } : {}),
      ...(weight === undefined ? {} : { weight }),
      ...(split === undefined ? {} : { split }),
      ...(censored === undefined ? {} : { censored }),
    },
  }
}
