/**
 * What each input adds to the linear predictor, measured from the mean training row: w · (x − mean). With the baseline,
 * the predictor of that mean row, the contributions of a row add up to its linear predictor. Where a record keeps no means,
 * they are measured from encoded values of 0.
 */
import { type Expr, expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection } from '../ir/relation.ts'
import { namesOf } from './output-names.ts'
import type { Output, PlannedOutputs } from './planned-outputs.ts'
import { type Predictor, partNames, predictorsOf } from './predictors.ts'

const stage = (name: string): Expr => expr.column('s', name)

/** Column with what an input adds to a score, its constant left out; summed, they are the score. */
export const termColumn = (score: number, input: number): string => `_term_${score + 1}_${input + 1}`

/** Column with a contribution. */
export const partColumn = (score: number, input: number): string => `_part_${score + 1}_${input + 1}`

/** The contributions as columns over the terms. */
export const partColumns = (record: ModelRecord): readonly Projection[] =>
  predictorsOf(record, 'f').flatMap(({ parts }, k) =>
    parts.map((part, i) => ({
      name: partColumn(k, i),
      expr: expr.sum([stage(termColumn(k, i)), expr.float(part.constant - part.atMeans)]),
    })),
  )

const baselineOf = ({ intercept, parts }: Predictor): number => parts.reduce((sum, p) => sum + p.atMeans, intercept)

/** `baseline`, and a column for each input; for several classes these for each. */
export function contributions(record: ModelRecord): PlannedOutputs {
  const { classes } = record
  const predictors = predictorsOf(record, 'f')
  const features = partNames(record)
  const measured = record.means === undefined ? 'encoded values of 0' : 'the mean training row'
  const baselines = classes === undefined ? ['baseline'] : namesOf('baseline', classes)
  const all = predictors.flatMap((_, k) => features.map((f) => (classes === undefined ? f : `${f}_${classes[k]}`)))
  const names = namesOf('contribution', all)
  const outputs = predictors.flatMap((predictor, k): Output[] => {
    const of = classes === undefined ? '' : ` of ${classes[k]}`
    const baseline: Output = {
      name: baselines[k] ?? '',
      type: 'float8',
      description: `linear predictor${of} of ${measured}`,
      expr: expr.float(baselineOf(predictor)),
    }
    const own = features.map((feature, i): Output => {
      const name = names[k * features.length + i] ?? ''
      const description = `what ${feature} adds to the linear predictor${of}, from ${measured}`
      const isThere = predictor.parts.length > 0
      return {
        name,
        type: 'float8',
        description,
        expr: isThere ? stage(partColumn(k, i)) : expr.float(0),
        ofInputs: true,
      }
    })
    return [baseline, ...own]
  })
  return { columns: partColumns(record), outputs }
}
