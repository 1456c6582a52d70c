/** Metrics of labelled predictions, as SQL that means what training means by them. */
import { type Family, quoteText } from '@viewcast/compiler'

/** A relation `r` with `bucket`, `p` (the number predicted) and `y` (the label), both without NULL or NaN. */
export interface Measures {
  /** Metric → an expression over the rows of a bucket. */
  readonly averages: Readonly<Record<string, string>>
  /** Whether predictions are ranked against each other for the area under the ROC curve. */
  readonly ranks: boolean
  /** Whether they are probabilities, which can be calibrated. */
  readonly calibrates: boolean
}

/** PostgreSQL raises an error where a product is too small for a float8; its square is then 0. */
const square = (x: string): string => `CASE WHEN abs(${x}) < 1e-150 THEN 0::float8 ELSE (${x}) * (${x}) END`

const squared = `avg(${square('r.p - r.y')})`
const variance = `avg(${square('r.y - r.center')})`

const regression = { rmse: `sqrt(${squared})`, mae: 'avg(abs(r.p - r.y))', mean: 'avg(r.y)' }

/**
 * Unit deviance of a row with the mean `m`, NULL where the family cannot have it: aggregates are computed whatever a CASE
 * around them says. Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), chapter 2.
 */
function deviance(family: Family, m: string): string {
  const least = family === 'poisson' ? `r.y >= 0 AND ${m} > 0` : `r.y > 0 AND ${m} > 0`
  const of =
    family === 'poisson'
      ? `2 * (CASE WHEN r.y > 0 THEN r.y * ln(r.y / ${m}) ELSE 0 END - (r.y - ${m}))`
      : family === 'gamma'
        ? `2 * (-ln(r.y / ${m}) + (r.y - ${m}) / ${m})`
        : `(r.y - ${m}) * (r.y - ${m}) / (${m} * ${m} * r.y)`
  return `CASE WHEN ${least} THEN ${of} END`
}

export function measuresOf(family: Family, threshold: number): Measures {
  const none = { ranks: false, calibrates: false }
  switch (family) {
    case 'binomial':
      return {
        averages: {
          logLoss:
            'avg(-ln(least(1 - 1e-15::float8, greatest(1e-15::float8, CASE WHEN r.y = 1 THEN r.p ELSE 1 - r.p END))))',
          brier: squared,
          accuracy: `avg(CASE WHEN (r.p >= ${threshold}::float8) = (r.y = 1) THEN 1::float8 ELSE 0 END)`,
          baseRate: 'avg(r.y)',
        },
        ranks: true,
        calibrates: true,
      }
    case 'svm':
      return {
        averages: {
          squaredHinge: `avg(${square('greatest(0::float8, 1 - CASE WHEN r.y = 1 THEN r.p ELSE -r.p END)')})`,
          accuracy: 'avg(CASE WHEN (r.p >= 0) = (r.y = 1) THEN 1::float8 ELSE 0 END)',
          baseRate: 'avg(r.y)',
        },
        ranks: true,
        calibrates: false,
      }
    case 'gaussian':
      return {
        averages: { ...regression, r2: `CASE WHEN ${variance} > 0 THEN 1 - ${squared} / ${variance} END` },
        ...none,
      }
    default: {
      const own = `avg(${deviance(family, 'r.p')})`
      const shared = `avg(${deviance(family, 'r.center')})`
      const all = `count(${deviance(family, 'r.p')}) = count(*)`
      return {
        averages: {
          ...regression,
          deviance: `CASE WHEN ${all} THEN ${own} END`,
          devianceExplained: `CASE WHEN ${all} THEN 1 - ${own} / nullif(${shared}, 0) END`,
        },
        ...none,
      }
    }
  }
}

/** Of several classes, over a relation `r` with the label as text and `p1`, `p2`, …: averages alone. */
export function measuresOfClasses(classes: readonly string[]): Measures['averages'] {
  const p = classes.map((_, k) => `r.p${k + 1}`)
  const is = classes.map((name) => `r.label = ${quoteText(name)}`)
  const given = `CASE ${is.map((c, k) => `WHEN ${c} THEN ${p[k]}`).join(' ')} ELSE 0 END`
  const errors = p.map((x, k) => square(`(${x} - CASE WHEN ${is[k]} THEN 1::float8 ELSE 0 END)`))
  const likeliest = p.map((x, k) => `WHEN ${x} >= greatest(${p.join(', ')}) THEN ${is[k]}`).join(' ')
  return {
    logLoss: `avg(-ln(least(1 - 1e-15::float8, greatest(1e-15::float8, ${given}))))`,
    brier: `avg(${errors.map((e) => `(${e})`).join(' + ')} + CASE WHEN ${is.join(' OR ')} THEN 0 ELSE 1 END)`,
    accuracy: `avg(CASE WHEN CASE ${likeliest} END THEN 1::float8 ELSE 0 END)`,
    largestShare: `greatest(${is.map((c) => `avg(CASE WHEN ${c} THEN 1::float8 ELSE 0 END)`).join(', ')})`,
  }
}
