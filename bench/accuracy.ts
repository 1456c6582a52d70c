/**
 * How many digits are right: coefficients and standard errors against reference values, the worst of each problem.
 *
 * References: values with 60 digits, made by packages/sdk/src/train/solve/reference/glm.py.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { arrayDesign, type Design, type ModelDef, scoresOf, solverOf } from '@viewcast/sdk'

interface Reference extends Pick<ModelDef, 'family' | 'link'> {
  readonly problem: string
  readonly x: readonly (readonly number[])[]
  readonly y: readonly number[]
  readonly weight?: readonly number[]
  readonly offset?: readonly number[]
  readonly estimates: readonly string[]
  readonly standardErrors: readonly string[]
}
const root = fileURLToPath(new URL('..', import.meta.url))
const file = join(root, 'packages', 'sdk', 'src', 'train', 'solve', 'reference', 'glm.json')
const references = JSON.parse(readFileSync(file, 'utf8')) as readonly Reference[]

const numbers = (v: readonly number[] | undefined) => (v === undefined ? undefined : Float64Array.from(v))

const designOf = ({ x, y, weight, offset }: Reference): Design =>
  arrayDesign(
    ['a', 'b', 'c'],
    Float64Array.from(x.flat()),
    Float64Array.from(y),
    numbers(weight),
    undefined,
    numbers(offset),
  )

const digits = (actual: ArrayLike<number>, expected: readonly string[]): number =>
  Math.min(
    ...expected.map((e, i) => {
      const off = Math.abs(((actual[i] as number) - Number(e)) / Number(e))
      return off === 0 ? 16 : -Math.log10(off)
    }),
  )

const none = { l1: 0, l2: 0 }
const shown = (d: number): string => (d < 0 ? '0' : d.toFixed(1))

export default async function accuracy() {
  const rows: string[][] = []
  for (const r of references) {
    const solve = solverOf({
      family: r.family,
      link: r.link,
      solver: 'irls',
      penalty: none,
      ...(r.offset && { offset: 'o' }),
    })
    const fit = await solve(designOf(r), { penalty: 0, classes: ['a', 'b', 'c'] })
    const estimates = scoresOf(fit).flatMap((s) => (s === null ? [] : [...s]))
    const found = [digits(estimates, r.estimates), digits(fit.standardErrors ?? [], r.standardErrors)]
    rows.push([`${r.family} (${r.link})`, r.problem, ...found.map(shown), Math.min(...found) < 12 ? 'MISSED' : ''])
  }
  return {
    title: 'Accuracy: digits right, of the worst coefficient and the worst standard error',
    columns: ['family', 'problem', 'coefficients', 'std. errors', ''],
    rows,
    notes: ['16: every number is the nearest double. At least 12 is required of every family.'],
  }
}
