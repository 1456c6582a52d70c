/**
 * Whether an engine agrees with the interpreter on a row.
 *
 * Arithmetic is exact on both sides, so without logarithms the scores must be the same to the bit. The mathematics
 * libraries differ in the last place of ln, and a sum of terms that nearly cancel shows that difference many ulp large;
 * there the distance is measured against the size of the terms, which is what their errors are relative to. The outputs
 * are compared for the engine's own scores, so that one difference is not counted twice.
 */
import {
  type Expr,
  evaluate,
  hasLogarithm,
  linearPredictors,
  linearTerms,
  type ModelRecord,
  outputs,
  type Row,
  rowScorer,
  type ScoredRow,
  ulpDistance,
} from '@viewcast/compiler'

export interface Agreement {
  readonly ok: boolean
  /** Largest distance in units in the last place: of the result, or of the terms' total size where logarithms are involved. */
  readonly ulp: number
}

/** exp differs between mathematics libraries by this much at most. */
const outputTolerance = 4
/** 4 ulp of each ln, and one rounding for each level of the balanced sum. */
const termsTolerance = 16

/** Compares the engine's scores and outputs of a row with the interpreter's. */
export function agreementOn(record: ModelRecord): (row: Row, mine: ScoredRow, theirs: ScoredRow) => Agreement {
  const logarithms = record.inputs.some((i) => hasLogarithm(i.encoder))
  const terms = linearPredictors(record, 'f').map(linearTerms)
  const { outputsOf } = rowScorer(record)
  const out = outputs(record)
  const sizeOf = (row: Row): number => Math.max(...terms.map((own) => sizeOfTerms(own, row)))
  return (row, mine, theirs) => {
    const scores = terms.map((own, i) =>
      scoreAgreement(mine.scores[i] ?? null, theirs.scores[i] ?? null, logarithms ? own : undefined, row),
    )
    const same = scores.every((s) => s.ulp === 0)
    const expected = same ? mine.outputs : outputsOf(theirs.scores, row)
    const results = out.map(({ name, ofInputs }) =>
      outputAgreement(expected[name], theirs.outputs[name], ofInputs && logarithms ? sizeOf(row) : 0),
    )
    const all = [...scores, ...results]
    return { ok: all.every((a) => a.ok), ulp: Math.max(0, ...all.map((a) => a.ulp)) }
  }
}

function scoreAgreement(
  mine: number | null,
  theirs: number | null,
  terms: readonly Expr[] | undefined,
  row: Row,
): Agreement {
  const exact = ulpDistance(mine, theirs)
  if (exact === 0 || terms === undefined || !Number.isFinite(exact)) return { ok: exact === 0, ulp: exact }
  const relative = Math.abs((mine ?? 0) - (theirs ?? 0)) / (sizeOfTerms(terms, row) * Number.EPSILON)
  return { ok: relative <= termsTolerance, ulp: Math.ceil(relative) }
}

const sizeOfTerms = (terms: readonly Expr[], row: Row): number =>
  terms.reduce((sum, t) => sum + Math.abs(Number(evaluate(t, { row }))), 0)

/** @param size of the terms an output is made of, where they carry the rounding of logarithms; else 0 */
function outputAgreement(mine: unknown, theirs: unknown, size: number): Agreement {
  if (typeof mine === 'number' || typeof theirs === 'number') {
    const ulp = ulpDistance((mine ?? null) as number | null, (theirs ?? null) as number | null)
    if (ulp <= outputTolerance || size === 0 || !Number.isFinite(ulp)) return { ok: ulp <= outputTolerance, ulp }
    const relative = Math.abs(Number(mine) - Number(theirs)) / (size * Number.EPSILON)
    return { ok: relative <= termsTolerance, ulp: Math.ceil(relative) }
  }
  const ok = (mine ?? null) === (theirs ?? null)
  return { ok, ulp: ok ? 0 : Number.POSITIVE_INFINITY }
}
