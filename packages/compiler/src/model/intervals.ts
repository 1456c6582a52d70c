/** Intervals around a prediction, from the covariance of the coefficients. */
import { type Expr, expr } from '../ir/expression.ts'
import type { Family } from '../ir/family.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection } from '../ir/relation.ts'
import { boundedExpr } from './encoders/bounded.ts'
import { encodedRange } from './encoders/encoded-range.ts'
import { encodedValues } from './encoders/encoded-values.ts'
import { interactionsOf, interactionValues } from './encoders/interaction.ts'
import { levelTable } from './encoders/level-table.ts'
import { isDecreasing, meanOf } from './links.ts'
import { type PlannedOutputs, refuseOutput } from './planned-outputs.ts'
import { centralQuantile } from './quantile.ts'
import { scoreColumns } from './score-columns.ts'

const stage = (name: string): Expr => expr.column('s', name)
const encodedColumn = (j: number): string => `_x_${j}`
const rootColumn = (k: number): string => `_root_${k + 1}`
const varianceColumn = '_variance'

/** Families whose dispersion is estimated: their intervals are Student's, the others' normal. */
const dispersed: ReadonlySet<Family> = new Set(['gaussian', 'gamma', 'inverse-gaussian'])

/** Encoded values are cut to this, so that no square of them overflows. */
const largest = 1e100
/** Weights smaller than this could make a product underflow, which is an error; they count as 0. */
const smallest = 1e-150

/** `confidence_low`, `confidence_high`: where the mean is, on the scale of the link, then through it. Errors: `model/output`. */
export function confidence(record: ModelRecord, level: number, title: string): PlannedOutputs {
  const { family, link, label } = record
  if (record.calibration !== undefined)
    refuseOutput(record, title, 'is calibrated, and the interval is of what it was before')
  const quantile = quantileOf(record, level, title)
  const linear = stage(scoreColumns(record)[0] ?? '')
  const reach = (sign: number) =>
    expr.sum([linear, expr.product([expr.float(sign * quantile), expr.call('sqrt', [stage(varianceColumn)])])])
  const ends: readonly Projection[] = [
    { name: '_low', expr: reach(isDecreasing(link) ? 1 : -1) },
    { name: '_high', expr: reach(isDecreasing(link) ? -1 : 1) },
  ]
  const what = `${level * 100} % confidence interval of the mean of ${label}`
  return {
    columns: [...varianceColumns(record), ...ends],
    outputs: (['low', 'high'] as const).map((end) => ({
      name: `confidence_${end}`,
      type: 'float8',
      description: `${end} end of the ${what}`,
      expr: meanOf(family, link, stage(`_${end}`)),
      ofInputs: true,
    })),
  }
}

/** `interval_low`, `interval_high`: where a label not seen yet is, of least squares. Errors: `model/output`. */
export function interval(record: ModelRecord, level: number, title: string): PlannedOutputs {
  const { family, link, label, fit } = record
  if (family !== 'gaussian' || link !== 'identity') {
    refuseOutput(record, title, 'has no normal errors; confidence=… is an interval of the mean')
  }
  const { dispersion } = fit
  if (dispersion === null) refuseOutput(record, title, 'has no dispersion in its record')
  const quantile = quantileOf(record, level, title)
  const spread = expr.call('sqrt', [expr.sum([stage(varianceColumn), expr.float(dispersion)])])
  const linear = stage(scoreColumns(record)[0] ?? '')
  return {
    columns: [...varianceColumns(record), { name: '_spread', expr: expr.product([expr.float(quantile), spread]) }],
    outputs: (['low', 'high'] as const).map((end) => ({
      name: `interval_${end}`,
      type: 'float8',
      description: `${end} end of the ${level * 100} % prediction interval of ${label}`,
      expr: expr.sum([linear, end === 'low' ? expr.negate(stage('_spread')) : stage('_spread')]),
      ofInputs: true,
    })),
  }
}

function quantileOf(record: ModelRecord, level: number, title: string): number {
  const { family, fit } = record
  if (!dispersed.has(family)) return centralQuantile(level, Number.POSITIVE_INFINITY)
  const degrees = fit.residualDegrees
  if (degrees === null || !(degrees > 0))
    refuseOutput(record, title, 'has no residual degrees of freedom in its record')
  return centralQuantile(level, degrees)
}

/**
 * x′Σx as Σₖ (Σᵢ Lᵢₖ xᵢ)² with Σ = LL′: half the products of the plain form, and never negative.
 */
function varianceColumns(record: ModelRecord): readonly Projection[] {
  const { inputs, coefficients, covariance, classes } = record
  const title = 'an interval'
  if (classes !== undefined) refuseOutput(record, title, 'has a score for each class')
  const size = coefficients.length
  if (covariance === undefined || covariance.length !== (size * (size + 1)) / 2) {
    refuseOutput(record, title, 'has no covariance of its coefficients, as one with a penalty, or imported, has not')
  }
  const encoded = inputs.flatMap((input) => {
    const ranges = encodedRange(input)
    const isLevel = levelTable(input) !== undefined
    return encodedValues(input, expr.column('f', input.feature)).map((value, j) =>
      boundedExpr(value, largest, isLevel, ranges[j] ?? [0, 0]),
    )
  })
  const multiplied = interactionsOf(record).flatMap((i) =>
    interactionValues(i.inputs, (feature) => expr.column('f', feature)),
  )
  const factor = choleskyOf(covariance, size)
  const roots = Array.from({ length: size }, (_, k): Projection => {
    const terms = Array.from({ length: size - k }, (_, r) => {
      const i = k + r
      const weight = factor[(i * (i + 1)) / 2 + k] ?? 0
      return { i, weight: Math.abs(weight) < smallest ? 0 : weight }
    }).filter(({ weight }) => weight !== 0)
    const written = terms.map(({ i, weight }) =>
      i === 0 ? expr.float(weight) : expr.product([expr.float(weight), stage(encodedColumn(i))]),
    )
    return { name: rootColumn(k), expr: written.length === 0 ? expr.float(0) : expr.sum(written) }
  })
  return [
    ...[...encoded, ...multiplied].map((value, j) => ({ name: encodedColumn(j + 1), expr: value })),
    ...roots,
    { name: varianceColumn, expr: expr.sum(roots.map(({ name }) => squareOf(stage(name)))) },
  ]
}

/** Of NULL, NULL. */
const squareOf = (x: Expr): Expr =>
  expr.case(
    [{ when: expr.compare('<', expr.call('abs', [x]), expr.float(smallest)), value: expr.float(0) }],
    expr.product([x, x]),
  )

/** The lower triangle L of Σ = LL′, packed as Σ is; a column without a pivot (an aliased coefficient) is 0. */
function choleskyOf(covariance: readonly number[], size: number): readonly number[] {
  const l = [...covariance]
  const at = (i: number, j: number): number => (i * (i + 1)) / 2 + j
  for (let j = 0; j < size; j++) {
    let pivot = l[at(j, j)] as number
    for (let k = 0; k < j; k++) pivot -= (l[at(j, k)] as number) ** 2
    const root = pivot > 1e-14 * Math.abs(covariance[at(j, j)] as number) ? Math.sqrt(pivot) : 0
    l[at(j, j)] = root
    for (let i = j + 1; i < size; i++) {
      let value = l[at(i, j)] as number
      for (let k = 0; k < j; k++) value -= (l[at(i, k)] as number) * (l[at(j, k)] as number)
      l[at(i, j)] = root === 0 ? 0 : value / root
    }
  }
  return l
}
