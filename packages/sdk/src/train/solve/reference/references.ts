/** Reference values made by glm.py with 60 digits, for tests and the accuracy benchmark. */
import { readFileSync } from 'node:fs'
import type { Family, Link } from '@viewcast/compiler'
import type { Design } from '../fit.ts'
import { arrayDesign } from '../passes.ts'

export interface Reference {
  readonly family: Family
  readonly link: Link
  readonly problem: string
  readonly x: readonly (readonly number[])[]
  readonly y: readonly number[]
  readonly weight?: readonly number[]
  readonly offset?: readonly number[]
  readonly estimates: readonly string[]
  readonly standardErrors: readonly string[]
  readonly deviance: string
  readonly nullDeviance: string
  readonly dispersion: string
  readonly logLikelihood?: string
}
const file = new URL('./glm.json', import.meta.url)
export const references = JSON.parse(readFileSync(file, 'utf8')) as readonly Reference[]

export const typed = (v: readonly number[] | undefined): Float64Array | undefined =>
  v === undefined ? undefined : Float64Array.from(v)

export const designOf = ({ x, y, weight, offset }: Pick<Reference, 'x' | 'y' | 'weight' | 'offset'>): Design =>
  arrayDesign(['a', 'b', 'c'], Float64Array.from(x.flat()), Float64Array.from(y), typed(weight), 7, typed(offset))

/** Correct digits of the worst number; 16 when all are the nearest double. */
export const digits = (actual: ArrayLike<number>, expected: readonly string[]): number =>
  Math.min(
    ...expected.map((e, i) => {
      const off = Math.abs(((actual[i] as number) - Number(e)) / Number(e))
      return off === 0 ? 16 : -Math.log10(off)
    }),
  )
