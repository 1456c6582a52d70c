import { type CalibrationMethod, fail, type Link, type ScorecardSpec } from '@viewcast/compiler'
import type { FamilyName } from './model.ts'

export interface ScorecardOptions {
  /** Points where the odds are `odds`. */
  readonly base: number
  /** Odds of a good outcome to a bad one, above 0: 50 means 50 to 1. */
  readonly odds: number
  /** Points after which the odds are twice as high, above 0. */
  readonly doubles: number
  /** The value of the label that more points speak for; true by default. */
  readonly good?: boolean
  /** Whether points are whole numbers for each attribute; true by default. */
  readonly rounded?: boolean
}

/** Errors: `define/option`. */
export function checkedScorecard(
  what: string,
  { base, odds, doubles, good = true, rounded = true }: ScorecardOptions,
  model: {
    readonly family: FamilyName
    readonly link: Link
    readonly calibrate?: CalibrationMethod
    readonly offset?: string
  },
): ScorecardSpec {
  const hint = 'Write scorecard: { base: 600, odds: 50, doubles: 20 }.'
  const bad = (detail: string, instead = hint): never =>
    fail('define/option', { what, option: 'scorecard', detail, hint: instead })
  const { family, link, calibrate, offset } = model
  const isLogistic = (family === 'binomial' || family === 'logistic') && link === 'logit'
  if (!isLogistic) bad('needs log-odds, which only a logistic model has', 'Leave it out.')
  if (calibrate !== undefined) bad('is of the odds before the calibration', 'Leave one of the two out.')
  if (offset !== undefined) bad('has no points for an offset', 'Leave one of the two out.')
  const isAbove0 = (v: number): boolean => v > 0 && v < Number.POSITIVE_INFINITY
  if (!Number.isFinite(base)) bad('has a base that is not a number')
  if (!isAbove0(odds)) bad('has odds that are not above 0')
  if (!isAbove0(doubles)) bad('doubles after points that are not above 0')
  return Object.freeze({ base, odds, doubles, good, rounded })
}
