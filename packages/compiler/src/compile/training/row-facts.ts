/**
 * What a row says about its linear predictor, as guarded SQL: the definitions of the families, in stages.
 *
 * `l` is half the unit deviance, `v` its derivative's negative (y − μ) μ′ / V(μ), `q` Fisher's μ′² / V(μ). Outside the
 * domain of the link `l` is Infinity, which a line search steps back from, and the others are 0. exp, products and quotients
 * of float8 raise an error on underflow as well as overflow, so each is kept from both.
 *
 * Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), 2.2 to 2.5.
 */
import type { Family, Link } from '../../ir/family.ts'
import type { StageColumn } from './aggregate-statement.ts'

/** Columns of one stage over `q.y` and `q.e`, the linear predictor, and of a second one that has those of the first too. */
export interface RowFacts {
  readonly first: readonly StageColumn[]
  readonly second: readonly StageColumn[]
}

/** Undefined for what has no single linear predictor, or no likelihood. */
export function rowFacts(family: Family, link: Link): RowFacts | undefined {
  const own = written[`${family} ${link}`]
  if (own !== undefined) return own
  const basis = bases[family]
  const linked = byLink[link]
  return basis === undefined || linked === undefined ? undefined : byMean(basis, linked)
}

const column = (name: string, sql: string): StageColumn => ({ name, sql })
const inf = "'Infinity'::float8"

const written: Readonly<Record<string, RowFacts>> = {
  'gaussian identity': {
    first: [column('h', 'q.y - q.e')],
    second: [
      column(
        'l',
        `CASE WHEN abs(q.h) BETWEEN 1e-150::float8 AND 1e150::float8 THEN 0.5::float8 * q.h * q.h WHEN abs(q.h) < 1e-150::float8 THEN 0::float8 ELSE ${inf} END`,
      ),
      column('v', 'q.h'),
      column('q', '1::float8'),
    ],
  },
  'binomial logit': {
    first: [column('h', 'CASE WHEN abs(q.e) <= 700::float8 THEN exp(- abs(q.e)) ELSE 0::float8 END')],
    second: [
      // ln(1 + h) as 2 artanh(h / (2 + h)), which keeps the digits of a small h.
      column(
        'l',
        'CASE WHEN q.e > 0::float8 THEN (1::float8 - q.y) * q.e ELSE - q.y * q.e END + 2::float8 * atanh(q.h / (2::float8 + q.h))',
      ),
      column(
        'v',
        'CASE WHEN q.e < 0::float8 THEN q.y - q.h / (1::float8 + q.h) ELSE q.h / (1::float8 + q.h) - (1::float8 - q.y) END',
      ),
      column('q', 'q.h / ((1::float8 + q.h) * (1::float8 + q.h))'),
    ],
  },
  'binomial cloglog': {
    first: [
      column(
        'h',
        `CASE WHEN q.e BETWEEN '-300'::float8 AND 6.5::float8 THEN exp(q.e) WHEN q.e < 0::float8 THEN 0::float8 ELSE 700::float8 END`,
      ),
      // t / (eᵗ − 1) with eᵗ − 1 = 2 sinh(t/2) e^(t/2).
      column(
        'u',
        `CASE WHEN q.e BETWEEN '-40'::float8 AND 6.5::float8 THEN exp(q.e - 0.5::float8 * exp(q.e)) / (2::float8 * sinh(0.5::float8 * exp(q.e))) WHEN q.e < 0::float8 THEN 1::float8 ELSE 0::float8 END`,
      ),
    ],
    second: [
      column(
        'l',
        `CASE WHEN q.y = 0::float8 THEN CASE WHEN q.e > 6.5::float8 THEN ${inf} ELSE q.h END ` +
          `WHEN q.h < 1e-15::float8 THEN - q.e WHEN q.h > 40::float8 THEN exp(- q.h) ` +
          `WHEN q.h < 1::float8 THEN - ln(2::float8 * sinh(0.5::float8 * q.h) * exp('-0.5'::float8 * q.h)) ` +
          `ELSE - 2::float8 * atanh(- exp(- q.h) / (2::float8 - exp(- q.h))) END`,
      ),
      column('v', 'CASE WHEN q.y = 0::float8 THEN - q.h ELSE q.u END'),
      column('q', 'CASE WHEN q.h < 1e-100::float8 OR q.u < 1e-100::float8 THEN 0::float8 ELSE q.h * q.u END'),
    ],
  },
  'poisson log': {
    first: [
      column(
        'h',
        `CASE WHEN q.e BETWEEN '-230'::float8 AND 700::float8 THEN exp(q.e) WHEN q.e < 0::float8 THEN 1e-100::float8 END`,
      ),
    ],
    second: [
      column(
        'l',
        `CASE WHEN q.h IS NULL THEN ${inf} WHEN q.y = 0::float8 THEN q.h ELSE q.y * (ln(q.y) - q.e) - (q.y - q.h) END`,
      ),
      column('v', 'CASE WHEN q.h IS NULL THEN 0::float8 ELSE q.y - q.h END'),
      column('q', 'coalesce(q.h, 0::float8)'),
    ],
  },
}

interface Basis {
  /** Of `q.y` and `q.m`, the mean. */
  readonly loss: string
  readonly variance: string
}

const bases: Readonly<Partial<Record<Family, Basis>>> = {
  gaussian: { loss: '0.5::float8 * (q.y - q.m) * (q.y - q.m)', variance: '1::float8' },
  poisson: {
    loss: 'CASE WHEN q.y = 0::float8 THEN q.m ELSE q.y * ln(q.y / q.m) - (q.y - q.m) END',
    variance: 'q.m',
  },
  gamma: { loss: '(q.y - q.m) / q.m - ln(q.y / q.m)', variance: '(q.m * q.m)' },
  'inverse-gaussian': {
    loss: '0.5::float8 * ((q.y - q.m) / q.m) * ((q.y - q.m) / q.m) / q.y',
    variance: '(q.m * q.m * q.m)',
  },
}

interface Linked {
  readonly mean: string
  readonly slope: string
  /** Predictors whose mean and slope are float8 with room for the products made of them. */
  readonly domain: string
}

const positive = 'q.e BETWEEN 1e-20::float8 AND 1e20::float8'

const byLink: Readonly<Partial<Record<Link, Linked>>> = {
  identity: { mean: 'q.e', slope: '1::float8', domain: "q.e BETWEEN '-1e75'::float8 AND 1e75::float8" },
  log: { mean: 'exp(q.e)', slope: 'exp(q.e)', domain: "q.e BETWEEN '-100'::float8 AND 100::float8" },
  inverse: { mean: '1::float8 / q.e', slope: "'-1'::float8 / (q.e * q.e)", domain: positive },
  'inverse-square': { mean: '1::float8 / sqrt(q.e)', slope: "'-0.5'::float8 / (q.e * sqrt(q.e))", domain: positive },
  sqrt: { mean: 'q.e * q.e', slope: '2::float8 * q.e', domain: positive },
}

function byMean({ loss, variance }: Basis, { mean, slope, domain }: Linked): RowFacts {
  const isAnyNumber = variance === '1::float8'
  // A mean of a gaussian may be negative, and so may its predictor.
  const own = isAnyNumber ? domain.replace('q.e BETWEEN', 'abs(q.e) BETWEEN') : domain
  const range = isAnyNumber ? 'abs(q.m) <= 1e75::float8' : 'q.m BETWEEN 1e-50::float8 AND 1e50::float8'
  const where = `q.m IS NOT NULL AND ${range}`
  return {
    first: [column('m', `CASE WHEN ${own} THEN ${mean} END`), column('d', `CASE WHEN ${own} THEN ${slope} END`)],
    second: [
      column('l', `CASE WHEN ${where} THEN ${loss} ELSE ${inf} END`),
      column('v', `CASE WHEN ${where} THEN (q.y - q.m) / ${variance} * q.d ELSE 0::float8 END`),
      column('q', `CASE WHEN ${where} THEN q.d / ${variance} * q.d ELSE 0::float8 END`),
    ],
  }
}
