/**
 * Points are the linear predictor on another scale: offset + factor · η with factor = doubles / ln 2. So a scorecard is the
 * record with other coefficients, and whole points are whole coefficients, where every encoded column is 0 or 1.
 *
 * Source: Siddiqi, Credit Risk Scorecards (2006), chapter 6.
 */
import { fail } from '../diagnostics/diagnostic.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { LearnedInput } from '../ir/learned-encoder.ts'
import type { Coefficient, ModelRecord } from '../ir/model-record.ts'
import type { Scorecard, ScorecardSpec } from '../ir/scorecard.ts'
import { namesOf } from './output-names.ts'
import { type Output, type PlannedOutputs, refuseOutput } from './planned-outputs.ts'
import { predictorsOf } from './predictors.ts'

/** The points of a fitted model. Rounding is to the nearest whole number, halves upwards. */
export function scorecardOf(spec: ScorecardSpec, coefficients: readonly Coefficient[]): Scorecard {
  const { base, odds, doubles, good, rounded } = spec
  const factor = (doubles / Math.LN2) * (good ? 1 : -1)
  const offset = base - (doubles / Math.LN2) * Math.log(odds)
  const points = coefficients.map(({ estimate }, i) => factor * estimate + (i === 0 ? offset : 0))
  return { ...spec, points: rounded ? points.map((p) => Math.round(p) + 0) : points }
}

/** Whole points need columns that are 0 or 1. Errors: `model/scorecard`, naming the inputs. */
export function refuseScorecard(model: string, spec: ScorecardSpec | undefined, inputs: readonly LearnedInput[]): void {
  if (spec === undefined || !spec.rounded) return
  const others = inputs.filter((i) => !isIndicator(i)).map((i) => `"${i.feature}"`)
  if (others.length > 0) fail('model/scorecard', { model, inputs: others.join(', ') })
}

function isIndicator({ encoder }: LearnedInput): boolean {
  switch (encoder.kind) {
    case 'onehot':
    case 'boolean':
      return true
    case 'hashed':
      return !encoder.signed
    case 'numeric':
      return encoder.basis?.kind === 'bins'
    default:
      return false
  }
}

/** The record whose linear predictor is the points. */
const pointsRecord = ({ means: _, ...record }: ModelRecord, { points }: Scorecard): ModelRecord => ({
  ...record,
  coefficients: record.coefficients.map((c, i) => ({ ...c, estimate: points[i] ?? 0 })),
})

/**
 * `points`, and `points_<feature>` for each input: together with the points every row begins with they are `points`. NULL
 * where the linear predictor is.
 */
export function pointsOutputs(record: ModelRecord): PlannedOutputs {
  const { scorecard, label } = record
  if (scorecard === undefined) return refuseOutput(record, 'points', 'has no scorecard')
  const [predictor] = predictorsOf(pointsRecord(record, scorecard), 'f')
  const parts = predictor?.parts ?? []
  const column = (i: number): string => `_points_${i + 1}`
  const columns = parts.map((p, i) => ({
    name: column(i),
    expr: p.constant === 0 ? p.expr : expr.sum([p.expr, expr.float(p.constant)]),
  }))
  const own = columns.map((c) => expr.column('s', c.name))
  const { base, odds, good } = scorecard
  const names = namesOf(
    'points',
    parts.map((p) => p.feature),
  )
  const output = (name: string, description: string, value: Expr): Output => ({
    name,
    type: 'float8',
    description,
    expr: value,
    ofInputs: true,
  })
  const all = expr.sum([expr.float(predictor?.intercept ?? 0), ...own])
  return {
    columns,
    outputs: [
      output('points', `points, more where ${label} is likelier ${good}; ${base} at odds of ${odds}`, all),
      ...parts.map((p, i) => output(names[i] ?? '', `points of ${p.feature}`, own[i] ?? all)),
    ],
  }
}

export interface ScorecardRow {
  /** Null for the points every row begins with. */
  readonly feature: string | null
  readonly attribute: string
  readonly points: number
}

/** The table a scorecard is: every attribute with its points, those that have none included. Empty without a scorecard. */
export function scorecardRows(
  record: Pick<ModelRecord, 'scorecard' | 'inputs' | 'coefficients'>,
): readonly ScorecardRow[] {
  const { scorecard, inputs, coefficients } = record
  if (scorecard === undefined) return []
  const bases = new Map(inputs.map((i) => [i.feature, baseOf(i)]))
  let last: string | null = null
  return coefficients.flatMap(({ name, feature }, i): ScorecardRow[] => {
    const points = scorecard.points[i] ?? 0
    if (feature === null) return [{ feature, attribute: 'every row', points }]
    const base = feature === last ? undefined : bases.get(feature)
    last = feature
    const row = { feature, attribute: attributeOf(name, feature, base !== undefined), points }
    return base === undefined ? [row] : [{ feature, attribute: base, points: 0 }, row]
  })
}

/** What a column stands for, of its name. */
function attributeOf(name: string, feature: string, isIndicated: boolean): string {
  const suffix = name.startsWith(feature) ? name.slice(feature.length) : name
  if (suffix === '') return isIndicated ? 'true' : 'each unit'
  if (suffix === '?') return 'missing'
  if (suffix === '*') return 'rare'
  return suffix.startsWith('=') ? suffix.slice(1) : suffix
}

/** The attribute without a column; undefined where there is none. */
function baseOf({ encoder }: LearnedInput): string | undefined {
  if (encoder.kind === 'onehot') return encoder.base === null ? 'any other' : `${encoder.base}, and any other`
  if (encoder.kind === 'boolean') return 'false'
  if (encoder.kind !== 'numeric' || encoder.basis?.kind !== 'bins') return undefined
  const { edges, closed } = encoder.basis
  return `${closed === 'left' ? 'below' : 'up to'} ${edges[0]}`
}
