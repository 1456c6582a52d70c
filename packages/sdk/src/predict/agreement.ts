/**
 * Whether an engine agrees with the interpreter on a score.
 *
 * Arithmetic is exact on both sides, so without logarithms the linear predictor must be the same to the bit. The
 * mathematics libraries differ in the last place of ln, and a sum of terms that nearly cancel shows that difference many
 * ulp large; there the distance is measured against the size of the terms, which is what their errors are relative to.
 * The output is compared for the engine's own linear predictor, so that one difference is not counted twice.
 */
import {
  type Expr,
  evaluate,
  expr,
  type Literal,
  linearTerms,
  type ModelRecord,
  outputs,
  ulpDistance,
} from '@viewcast/compiler'

export interface Score {
  readonly linear: number | null
  readonly output: number | null
}

export interface Agreement {
  readonly ok: boolean
  /** Distance in units in the last place: of the result, or of the terms' total size where logarithms are involved. */
  readonly ulp: number
}

/** exp differs between mathematics libraries by this much at most. */
const outputTolerance = 4
/** 4 ulp of each ln, and one rounding for each level of the balanced sum. */
const termsTolerance = 16

/** Compares the engine's score of a row with the interpreter's linear predictor and, when it is known, output. */
export function agreementOn(
  record: ModelRecord,
  linear: Expr,
): (row: Readonly<Record<string, Literal>>, mine: Score, theirs: Score) => Agreement {
  const logarithms = record.inputs.some((i) => i.encoder.kind === 'numeric' && i.encoder.transform === 'log1p')
  const terms = linearTerms(linear)
  const [output] = outputs(record, expr.column('s', '_linear'))
  return (row, mine, theirs) => {
    const exact = ulpDistance(mine.linear, theirs.linear)
    const through = (score: number | null) =>
      output === undefined ? null : (evaluate(output.expr, { row: { _linear: score } }) as number | null)
    const expected = exact === 0 ? mine.output : through(theirs.linear)
    const distance = ulpDistance(expected, theirs.output)
    if (exact === 0 || !logarithms || !Number.isFinite(exact)) {
      return { ok: exact === 0 && distance <= outputTolerance, ulp: Math.max(exact, distance) }
    }
    const size = terms.reduce((sum, t) => sum + Math.abs(Number(evaluate(t, { row }))), 0)
    const relative = Math.abs((mine.linear ?? 0) - (theirs.linear ?? 0)) / (size * Number.EPSILON)
    return {
      ok: relative <= termsTolerance && distance <= outputTolerance,
      ulp: Math.max(Math.ceil(relative), distance),
    }
  }
}
