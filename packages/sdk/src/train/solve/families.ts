/**
 * Families and links as numbers: what a row with label y and linear predictor η says about η.
 *
 * Everything a solver needs of a row is three numbers. `loss` is half the unit deviance, −ln of the likelihood less that of
 * a perfect prediction, times the dispersion; `score` is −∂loss/∂η = (y − μ) μ′ / V(μ); `weight` is what that derivative
 * varies by, Fisher's μ′² / V(μ). Sums of them times the case weight, and times the columns, are a step of iteratively
 * reweighted least squares.
 *
 * The binomial links are written in η, as 1 − μ has no digits left where μ is close to 1, and so is poisson with the link
 * log, whose μ may underflow; the others in μ.
 *
 * Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), 2.2 to 2.5.
 */
import { type Family, InternalError, type Link } from '@viewcast/compiler'
import { hazard, logUpperTail, normalDensity, upperTail } from '../measure/normal-tail.ts'

/** What a row says about its linear predictor; `loss` is Infinity, and the others NaN, outside the domain of the link. */
export interface RowFacts {
  loss: number
  score: number
  weight: number
}

export interface FamilyFunctions {
  /** μ of a linear predictor; NaN outside the domain of the link. */
  readonly mean: (eta: number) => number
  /** η of a mean. */
  readonly predictor: (mean: number) => number
  /** dμ/dη */
  readonly slope: (eta: number) => number
  /** V(μ): variance of a row of weight 1 over the dispersion. */
  readonly variance: (mean: number) => number
  /** Sets the facts of a row with label `y`. */
  readonly row: (y: number, eta: number, into: RowFacts) => void
  /** −∂score/∂η of a row: what Newton's method takes for the weight. It is the weight itself for canonical links. */
  readonly observedWeight: (y: number, eta: number) => number
  readonly isCanonical: boolean
  /** A mean near the label that every link of the family can take: where the first step is taken from. */
  readonly startingMean: (y: number) => number
  /** Whether a number may be a label. */
  readonly isLabel: (y: number) => boolean
  /** Whether the dispersion is estimated, and statistics are therefore t. */
  readonly isDispersed: boolean
}

/** The functions of a family that has one linear predictor. */
export function familyFunctions(family: Family, link: Link): FamilyFunctions {
  const basis = bases[family]
  const linked = linkFunctions(link)
  if (basis === undefined || linked === undefined) {
    throw new InternalError(`No linear predictor gives the mean of ${family} (${link})`)
  }
  const row = rows[family]?.[link] ?? rowByMean(basis, linked)
  const isCanonical = canonical[family] === link
  const observedWeight = isCanonical ? weightOf(row) : differenceOf(row, isScaleFree.has(link))
  return { ...basis, ...linked, row, observedWeight, isCanonical }
}

type Row = FamilyFunctions['row']

interface Basis extends Pick<FamilyFunctions, 'variance' | 'startingMean' | 'isLabel' | 'isDispersed'> {
  /** Half the unit deviance. */
  readonly loss: (y: number, mean: number) => number
  readonly isMean: (mean: number) => boolean
}

const isFinitePositive = (v: number): boolean => v > 0 && v < Number.POSITIVE_INFINITY

const bases: Readonly<Partial<Record<Family, Basis>>> = {
  gaussian: {
    variance: () => 1,
    loss: (y, mean) => ((y - mean) * (y - mean)) / 2,
    isMean: Number.isFinite,
    startingMean: (y) => y,
    isLabel: Number.isFinite,
    isDispersed: true,
  },
  binomial: {
    variance: (mean) => mean * (1 - mean),
    loss: (y, mean) => entropy(y) - y * Math.log(mean) - (1 - y) * Math.log1p(-mean),
    isMean: (mean) => mean > 0 && mean < 1,
    startingMean: (y) => (y + 0.5) / 2,
    isLabel: (y) => y >= 0 && y <= 1,
    isDispersed: false,
  },
  poisson: {
    variance: (mean) => mean,
    loss: (y, mean) => (y === 0 ? mean : mean * aboveTangent(y / mean, (y - mean) / mean)),
    isMean: isFinitePositive,
    startingMean: (y) => y + 0.1,
    isLabel: (y) => y >= 0 && y < Number.POSITIVE_INFINITY,
    isDispersed: false,
  },
  gamma: {
    variance: (mean) => mean * mean,
    loss: (y, mean) => belowTangent((y - mean) / mean),
    isMean: isFinitePositive,
    startingMean: (y) => y,
    isLabel: isFinitePositive,
    isDispersed: true,
  },
  'inverse-gaussian': {
    variance: (mean) => mean * mean * mean,
    loss: (y, mean) => ((y - mean) / mean) ** 2 / y / 2,
    isMean: isFinitePositive,
    startingMean: (y) => y,
    isLabel: isFinitePositive,
    isDispersed: true,
  },
}

/** y ln y + (1 − y) ln(1 − y): 0 for outcomes, less for shares. */
const entropy = (y: number): number => (y === 0 || y === 1 ? 0 : y * Math.log(y) + (1 - y) * Math.log1p(-y))

/** d − ln(1 + d) ≥ 0, whose leading digits cancel for small d. */
function belowTangent(d: number): number {
  if (Math.abs(d) > 0.1) return d - Math.log1p(d)
  // With s = d/(2+d): ln(1+d) = 2(s + s³/3 + s⁵/5 + …) and d − 2s = ds.
  const s = d / (2 + d)
  return d * s - 2 * s * tailOfArtanh(s * s)
}

/** r ln r − d with r = 1 + d: (1 + d) ln(1 + d) − d ≥ 0. */
function aboveTangent(r: number, d: number): number {
  if (Math.abs(d) > 0.1) return r * Math.log(r) - d
  const s = d / (2 + d)
  return d * s + 2 * r * s * tailOfArtanh(s * s)
}

/** s²/3 + s⁴/5 + s⁶/7 + … for s² up to 0.003. */
const tailOfArtanh = (q: number): number =>
  q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13))))))

const canonical: Readonly<Partial<Record<Family, Link>>> = {
  gaussian: 'identity',
  binomial: 'logit',
  poisson: 'log',
  gamma: 'inverse',
  'inverse-gaussian': 'inverse-square',
}

/** Links whose predictors are logarithms or standard deviations, so that 1 is a large change of them. */
const isScaleFree: ReadonlySet<Link> = new Set(['log', 'logit', 'probit', 'cloglog'])

function weightOf(row: Row): FamilyFunctions['observedWeight'] {
  const facts: RowFacts = { loss: 0, score: 0, weight: 0 }
  return (y, eta) => {
    row(y, eta, facts)
    return facts.weight
  }
}

/** A central difference, right to ten digits: enough for steps that each double the digits of a solution. */
function differenceOf(row: Row, isFree: boolean): FamilyFunctions['observedWeight'] {
  const facts: RowFacts = { loss: 0, score: 0, weight: 0 }
  return (y, eta) => {
    const h = isFree ? 1e-5 : 1e-5 * Math.abs(eta)
    row(y, eta - h, facts)
    const below = facts.score
    row(y, eta + h, facts)
    return (below - facts.score) / (2 * h)
  }
}

type LinkFunctions = Pick<FamilyFunctions, 'mean' | 'predictor' | 'slope'>

const linkFunctions = (link: Link): LinkFunctions | undefined => (link === 'softmax' ? undefined : byLink[link])

/** Links whose means are positive take predictors above 0 only, where they are one to one. */
const positive =
  (of: (eta: number) => number) =>
  (eta: number): number =>
    eta > 0 ? of(eta) : Number.NaN

const byLink: Readonly<Record<Exclude<Link, 'softmax'>, LinkFunctions>> = {
  identity: { mean: (eta) => eta, predictor: (mean) => mean, slope: () => 1 },
  log: { mean: Math.exp, predictor: Math.log, slope: Math.exp },
  inverse: { mean: (eta) => 1 / eta, predictor: (mean) => 1 / mean, slope: (eta) => -1 / (eta * eta) },
  'inverse-square': {
    mean: positive((eta) => 1 / Math.sqrt(eta)),
    predictor: (mean) => 1 / (mean * mean),
    slope: positive((eta) => -0.5 / (eta * Math.sqrt(eta))),
  },
  sqrt: { mean: positive((eta) => eta * eta), predictor: Math.sqrt, slope: positive((eta) => 2 * eta) },
  logit: {
    mean: (eta) => 1 / (1 + Math.exp(-eta)),
    predictor: (mean) => Math.log(mean) - Math.log1p(-mean),
    slope: (eta) => {
      const e = Math.exp(-Math.abs(eta))
      return e / ((1 + e) * (1 + e))
    },
  },
  probit: { mean: (eta) => upperTail(-eta), predictor: normalQuantile, slope: normalDensity },
  cloglog: {
    mean: (eta) => -Math.expm1(-Math.exp(eta)),
    predictor: (mean) => Math.log(-Math.log1p(-mean)),
    slope: (eta) => Math.exp(eta - Math.exp(eta)),
  },
}

/** η with Φ(η) = p: Newton's steps on ln Φ, which is concave, from below. */
function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN
  if (p > 0.5) return -normalQuantile(1 - p)
  const target = Math.log(p)
  let z = -Math.sqrt(-2 * target)
  for (let i = 0; i < 60; i++) {
    const step = (target - logUpperTail(-z)) / hazard(-z)
    z += step
    if (Math.abs(step) <= 1e-15 * Math.abs(z)) break
  }
  return z
}

const rowByMean =
  ({ variance, loss, isMean }: Basis, { mean, slope }: LinkFunctions): Row =>
  (y, eta, into) => {
    const mu = mean(eta)
    if (!isMean(mu)) {
      into.loss = Number.POSITIVE_INFINITY
      into.score = Number.NaN
      into.weight = Number.NaN
      return
    }
    const v = variance(mu)
    const d = slope(eta)
    into.loss = loss(y, mu)
    into.score = ((y - mu) / v) * d
    into.weight = (d / v) * d
  }

const poissonLog: Row = (y, eta, into) => {
  const mu = Math.exp(eta)
  const d = (y - mu) / mu
  into.loss = y === 0 ? mu : Math.abs(d) < 0.1 ? mu * aboveTangent(y / mu, d) : y * (Math.log(y) - eta) - (y - mu)
  into.score = y - mu
  into.weight = mu
}

const binomialRows: Readonly<Partial<Record<Link, Row>>> = {
  logit: (y, eta, into) => {
    const e = Math.exp(-Math.abs(eta))
    const other = e / (1 + e)
    const p = eta < 0 ? other : 1 / (1 + e)
    into.loss = entropy(y) + Math.max(eta, 0) - y * eta + Math.log1p(e)
    into.score = eta < 0 ? y - p : other - (1 - y)
    into.weight = e / ((1 + e) * (1 + e))
  },
  probit: (y, eta, into) => {
    const up = hazard(-eta)
    const down = hazard(eta)
    into.loss = entropy(y) - (y === 0 ? 0 : y * logUpperTail(-eta)) - (y === 1 ? 0 : (1 - y) * logUpperTail(eta))
    into.score = (y === 0 ? 0 : y * up) - (y === 1 ? 0 : (1 - y) * down)
    into.weight = up === 0 || down === 0 ? 0 : up * down
  },
  cloglog: (y, eta, into) => {
    const t = Math.exp(eta)
    // t / (eᵗ − 1) is the hazard of a 1; it goes to 1 far below and to 0 far above.
    const up = t === 0 ? 1 : t > 700 ? 0 : t / Math.expm1(t)
    into.loss = entropy(y) - (y === 0 ? 0 : y * logOneMinusExp(t, eta)) + (y === 1 ? 0 : (1 - y) * t)
    into.score = y * up - (y === 1 ? 0 : (1 - y) * t)
    into.weight = t > 700 ? 0 : t * up
  },
}

const rows: Readonly<Partial<Record<Family, Readonly<Partial<Record<Link, Row>>>>>> = {
  binomial: binomialRows,
  poisson: { log: poissonLog },
}

/** ln(1 − e⁻ᵗ) for t = e^η. */
const logOneMinusExp = (t: number, eta: number): number =>
  t < 1e-300 ? eta : t < Math.LN2 ? Math.log(-Math.expm1(-t)) : Math.log1p(-Math.exp(-t))
