import type { ModelRecord } from '@viewcast/compiler'

export interface CoefficientDifference {
  readonly name: string
  readonly class?: string
  /** Null where one of both does not have it. */
  readonly before: number | null
  readonly after: number | null
}

export interface CoefficientComparison {
  /** Every bit is the same; within the tolerance; or not. */
  readonly verdict: 'equal' | 'within' | 'different'
  /** The largest difference, relative to the coefficient or to its standard error, whichever is larger. */
  readonly largest: number
  /** Those beyond the tolerance, the largest difference first. */
  readonly different: readonly CoefficientDifference[]
}

/**
 * Compares the coefficients of two records by name and class.
 *
 * A coefficient near 0 has no digits of its own, so that its standard error is the measure where there is one.
 *
 * @param tolerance relative.
 */
export function compareCoefficients(before: ModelRecord, after: ModelRecord, tolerance: number): CoefficientComparison {
  const [was, is] = [byKey(before), byKey(after)]
  const scale = Math.max(0, ...before.coefficients.map((c) => Math.abs(c.estimate)).filter(Number.isFinite))
  const all = [...new Set([...was.keys(), ...is.keys()])].map((key) => {
    const [a, b] = [was.get(key), is.get(key)]
    const of = a ?? b
    return {
      name: of?.name ?? '',
      ...(of?.class === undefined ? {} : { class: of.class }),
      before: a?.estimate ?? null,
      after: b?.estimate ?? null,
      apart: a && b ? apart(a.estimate, b.estimate, a.standardError, scale) : Number.POSITIVE_INFINITY,
    }
  })
  const largest = Math.max(0, ...all.map((c) => c.apart))
  const different = all
    .filter((c) => !(c.apart <= tolerance))
    .sort((a, b) => b.apart - a.apart)
    .map(({ apart: _, ...c }) => c)
  const isEqual = all.every((c) => c.before !== null && Object.is(c.before, c.after))
  return { verdict: different.length > 0 ? 'different' : isEqual ? 'equal' : 'within', largest, different }
}

type Coefficient = ModelRecord['coefficients'][number]

const byKey = ({ coefficients }: ModelRecord): ReadonlyMap<string, Coefficient> =>
  new Map(coefficients.map((c) => [JSON.stringify([c.class ?? null, c.name]), c]))

function apart(a: number, b: number, error: number | null, scale: number): number {
  if (Object.is(a, b) || a === b) return 0
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), error ?? scale * 1e-6)
}
