/**
 * Families and links: what a label is taken to be distributed as, and how the linear predictor becomes its mean.
 *
 * Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), chapter 2.
 */
import { z } from 'zod'

/** `svm` is no distribution: the linear predictor is the distance from the margin. */
export const familySchema = z.enum([
  'gaussian',
  'binomial',
  'poisson',
  'gamma',
  'inverse-gaussian',
  'multinomial',
  'svm',
])
export type Family = z.infer<typeof familySchema>

export const linkSchema = z.enum([
  'identity',
  'log',
  'inverse',
  'inverse-square',
  'sqrt',
  'logit',
  'probit',
  'cloglog',
  'softmax',
])
export type Link = z.infer<typeof linkSchema>

/** The links a family can have, its usual one first. */
export const links = {
  gaussian: ['identity', 'log', 'inverse'],
  binomial: ['logit', 'probit', 'cloglog'],
  poisson: ['log', 'identity', 'sqrt'],
  gamma: ['inverse', 'log', 'identity'],
  'inverse-gaussian': ['inverse-square', 'inverse', 'log', 'identity'],
  multinomial: ['softmax'],
  svm: ['identity'],
} as const satisfies { readonly [F in Family]: readonly [Link, ...Link[]] }

/** What a label of the family is: a number, one of two outcomes, one of several classes. */
export type LabelKind = 'number' | 'outcome' | 'class'

export function labelKind(family: Family): LabelKind {
  if (family === 'binomial' || family === 'svm') return 'outcome'
  return family === 'multinomial' ? 'class' : 'number'
}

/** The name of a family as users know it: `logistic` and `linear` are binomial and gaussian with their usual links. */
export function familyTitle(family: Family, link: Link): string {
  if (family === 'binomial' && link === 'logit') return 'logistic'
  if (family === 'gaussian' && link === 'identity') return 'linear'
  return links[family][0] === link ? family : `${family} (${link})`
}
