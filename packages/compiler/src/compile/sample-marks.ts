/** What a row of a sample counts for: its weight, its part, whether its outcome is complete, and with it its label. */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import { expr } from '../ir/expression.ts'
import type { Join, Projection, Stage } from '../ir/relation.ts'
import type { SqlType } from '../ir/type.ts'
import { censoredRows } from '../rewrite/censoring.ts'
import { splitExpression } from '../rewrite/split.ts'
import type { StageNames } from '../rewrite/stage-names.ts'

export interface SampleMarks {
  readonly stages: readonly Stage[]
  readonly joins: readonly Join[]
  /** `_weight`, `_split` and `_censored`, each where the dataset has it. */
  readonly columns: readonly Projection[]
  /** A label, NULL where a row is dropped for its outcome. */
  readonly labelled: (label: Projection, type: SqlType) => Projection
}

/** The marks of the rows of the stage `spine`, which is the sample. */
export function sampleMarks(bound: BoundDataset, spine: string, { catalog }: Facts, names: StageNames): SampleMarks {
  const { weight, split } = bound.dataset.sample
  const weights: Projection[] =
    weight === undefined ? [] : [{ name: '_weight', expr: expr.cast(expr.column(spine, weight), 'float8') }]
  const censored = censoredRows(bound, spine, catalog, names)
  const unlessDropped = censored?.unlessDropped ?? ((value) => value)
  const part = splitExpression(split, bound, spine)
  return {
    stages: censored ? [censored.stage] : [],
    joins: censored ? [censored.join] : [],
    columns: [
      ...weights,
      ...(part ? [{ name: '_split', expr: unlessDropped(part, 'text') }] : []),
      ...(censored ? [censored.column] : []),
    ],
    labelled: (label, type) => ({ ...label, expr: unlessDropped(label.expr, type) }),
  }
}
