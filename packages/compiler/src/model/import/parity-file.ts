/** Rows to check an import with, as JSON: what a user writes down from the library in three lines. */
import { z } from 'zod'
import type { Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import { type ParityRow, readJson, refuse } from './imported-model.ts'

const cell = z.union([z.number(), z.string(), z.boolean(), z.null()])
const answer = z.union([z.array(cell), z.array(z.array(cell))])
const parityFile = z.looseObject({
  columns: z.array(z.string()),
  rows: z.array(z.array(cell)),
  scores: answer.optional(),
  predictions: answer.optional(),
})
export type ParityFile = z.infer<typeof parityFile>

/** Reads `{ "columns": […], "rows": [[…]], "scores": […], "predictions": […] }`. Errors: `model/import`. */
export function readParityFile(text: string, file: string): ParityFile {
  return parsedParity(readJson(text, file), file)
}

/** The same, of JSON that is parsed. */
export function parsedParity(json: unknown, file: string): ParityFile {
  const parsed = parityFile.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return refuse(file, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
}

/** The rows with the inputs a model reads. Errors: `model/import` when a column or an answer is missing. */
export function parityRows(
  parity: ParityFile,
  inputs: readonly LearnedInput[],
  scores: number,
  file: string,
): ParityRow[] {
  const { columns, rows } = parity
  if (parity.scores === undefined && parity.predictions === undefined) {
    refuse(file, 'the rows come without scores and without predictions')
  }
  const places = inputs.map(({ feature, type }) => {
    const at = columns.indexOf(feature)
    return at < 0 ? refuse(file, `the rows have no column "${feature}"`) : { feature, at, isText: type === 'text' }
  })
  const counts = [parity.scores, parity.predictions].flatMap((a) => (a === undefined ? [] : [a.length]))
  if (counts.some((n) => n !== rows.length)) refuse(file, `${counts.join(' and ')} answers for ${rows.length} rows`)
  return rows.map((row, r) => {
    if (row.length !== columns.length) refuse(file, `rows.${r}: ${row.length} values for ${columns.length} columns`)
    const values = places.map(({ feature, at, isText }) => [feature, cellValue(row[at] ?? null, isText)] as const)
    const own = parity.scores?.[r]
    const predicted = parity.predictions?.[r]
    return {
      inputs: Object.fromEntries(values),
      ...(own === undefined ? {} : { scores: numbersOf(own, scores, `scores.${r}`, file) }),
      ...(predicted === undefined ? {} : { prediction: numbersOf(predicted, scores, `predictions.${r}`, file) }),
    }
  })
}

/** JSON has no NaN; it is written as null, or as text in a column of numbers. */
function cellValue(value: Literal, isText: boolean): Literal {
  if (isText) return value === null ? null : String(value)
  if (typeof value !== 'string') return value
  const number = Number(value.replace(/^(-?)inf(inity)?$/i, '$1Infinity'))
  return Number.isNaN(number) ? null : number
}

type Cell = z.infer<typeof cell>

function numbersOf(answer: Cell | Cell[], scores: number, at: string, file: string): (number | null)[] {
  const all = Array.isArray(answer) ? answer : [answer]
  // The probabilities of both classes of an outcome: the second is the one a model here gives.
  const own = scores === 1 && all.length === 2 ? all.slice(1) : all
  return own.map((v) =>
    v === null || typeof v === 'number'
      ? v
      : refuse(file, `${at} is a label`, 'Give numbers: predict_proba or decision_function for a classifier.'),
  )
}
