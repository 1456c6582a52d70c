/**
 * What a row says about its linear predictor, as guarded SQL: the definitions of the families, in stages.
 *
 * `l` is half the unit deviance, `v` its derivative's negative (y − μ) μ′ / V(μ), `q` Fisher's μ′² / V(μ). Outside the
 * domain of the link `l` is Infinity, which a line search steps back from, and the others are 0. exp, products and quotients
 * of float8 raise an error on underflow as well as overflow, so each is kept from both.
 *
 * Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), 2.2 to 2.5.
 */
import { printExpression } from '../../emit/expression.ts'
import { expr } from '../../ir/expression.ts'
import type { Family, Link } from '../../ir/family.ts'
import { normalTail } from '../../model/normal.ts'
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
  if (family === 'binomial' && link === 'probit') return probit()
  const basis = bases[family]
  const linked = byLink[link]
  return basis === undefined || linked === undefined ? undefined : byMean(basis, linked)
}

/** Half the unit deviance of `q.y` at a mean, which is SQL too; Infinity for what is no mean of the family, NULL included. */
export function unitLoss(family: Family, mean: string): string | undefined {
  const basis = bases[family]
  return basis === undefined ? undefined : `CASE WHEN ${isUsable(basis, mean)} THEN ${basis.loss(mean)} ELSE ${inf} END`
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
        `CASE WHEN q.h IS NULL OR q.y > 1e150::float8 THEN ${inf} WHEN q.y = 0::float8 THEN q.h ELSE q.y * (ln(q.y) - q.e) - (q.y - q.h) END`,
      ),
      column('v', 'CASE WHEN q.h IS NULL THEN 0::float8 ELSE q.y - q.h END'),
      column('q', 'coalesce(q.h, 0::float8)'),
    ],
  },
}

interface Basis {
  /** Of `q.y` and `q.m`, the mean. */
  readonly loss: (mean: string) => string
  readonly variance: string
  /** Labels whose loss is a float8 at every mean that is looked at. */
  readonly label: string
}

const squared = (d: string): string => `CASE WHEN ${d} = 0::float8 THEN 0::float8 ELSE 0.5::float8 * ${d} * ${d} END`

const bases: Readonly<Partial<Record<Family, Basis>>> = {
  gaussian: {
    loss: (m) => squared(`(q.y - ${m})`),
    variance: '1::float8',
    label: 'abs(q.y) <= 1e75::float8',
  },
  poisson: {
    loss: (m) => `CASE WHEN q.y = 0::float8 THEN ${m} ELSE q.y * ln(q.y / ${m}) - (q.y - ${m}) END`,
    variance: 'q.m',
    label: '(q.y = 0::float8 OR q.y BETWEEN 1e-50::float8 AND 1e50::float8)',
  },
  gamma: {
    loss: (m) => `(q.y - ${m}) / ${m} - ln(q.y / ${m})`,
    variance: '(q.m * q.m)',
    label: 'q.y BETWEEN 1e-50::float8 AND 1e50::float8',
  },
  'inverse-gaussian': {
    loss: (m) => `0.5::float8 * ((q.y - ${m}) / ${m}) * ((q.y - ${m}) / ${m}) / q.y`,
    variance: '(q.m * q.m * q.m)',
    label: 'q.y BETWEEN 1e-50::float8 AND 1e50::float8',
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

function isUsable({ label, variance }: Basis, mean: string): string {
  const range =
    variance === '1::float8' ? `abs(${mean}) <= 1e75::float8` : `${mean} BETWEEN 1e-50::float8 AND 1e50::float8`
  return `${mean} IS NOT NULL AND ${range} AND ${label}`
}

/** With the tail beyond |e| as `b` times `t`: the hazard is 1/t on the far side of 0 and b over the rest on the near one. */
function probit(): RowFacts {
  const { bell, scaled } = normalTail(expr.column('q', 'e'))
  const density = '0.3989422804014327::float8'
  const near = `${density} * q.b / (1::float8 - q.b * q.t)`
  const far = `${density} / q.t`
  return {
    first: [column('b', printExpression(bell)), column('t', printExpression(scaled))],
    second: [
      column(
        'l',
        `CASE WHEN q.t IS NULL THEN ${inf} ` +
          `WHEN (q.y = 1::float8) = (q.e > 0::float8) THEN 2::float8 * atanh(q.b * q.t / (2::float8 - q.b * q.t)) ` +
          `ELSE CASE WHEN abs(q.e) < 1e-100::float8 THEN 0::float8 ELSE 0.5::float8 * q.e * q.e END - ln(q.t) END`,
      ),
      column(
        'v',
        `CASE WHEN q.t IS NULL THEN 0::float8 ` +
          `WHEN q.y = 1::float8 THEN CASE WHEN q.e > 0::float8 THEN ${near} ELSE ${far} END ` +
          `WHEN q.e > 0::float8 THEN - (${far}) ELSE - (${near}) END`,
      ),
      column('q', `CASE WHEN q.t IS NULL THEN 0::float8 ELSE (${far}) * (${near}) END`),
    ],
  }
}

function byMean(basis: Basis, { mean, slope, domain }: Linked): RowFacts {
  const { loss, variance } = basis
  // A mean of a gaussian may be negative, and so may its predictor.
  const own = variance === '1::float8' ? domain.replace('q.e BETWEEN', 'abs(q.e) BETWEEN') : domain
  const where = isUsable(basis, 'q.m')
  return {
    first: [column('m', `CASE WHEN ${own} THEN ${mean} END`), column('d', `CASE WHEN ${own} THEN ${slope} END`)],
    second: [
      column('l', `CASE WHEN ${where} THEN ${loss('q.m')} ELSE ${inf} END`),
      column('v', `CASE WHEN ${where} THEN (q.y - q.m) / ${variance} * q.d ELSE 0::float8 END`),
      column('q', `CASE WHEN ${where} THEN q.d / ${variance} * q.d ELSE 0::float8 END`),
    ],
  }
}
