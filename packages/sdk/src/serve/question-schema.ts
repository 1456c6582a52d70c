/** What a request may ask, from the signature of a model: types, NULLs, names and how many. */
import type { ServingQuery } from '@viewcast/compiler'
import { z } from 'zod'
import { type FieldProblem, refuse } from './problem.ts'
import { fromText, instantSchema, valueSchema } from './value-schema.ts'

export type Question = Readonly<Record<string, unknown>>

export interface Asked {
  readonly questions: readonly Question[]
  /** For those that bring none of their own. */
  readonly asOf: string | undefined
}

export interface QuestionSchema {
  readonly question: z.ZodType<Question>
  readonly body: z.ZodType
  /** Errors: a refusal with `serve/request`, which lists everything that is wrong. */
  readBody(value: unknown): Asked
  /** One question from the query of a URL. */
  readQuery(query: URLSearchParams): Asked
}

export function questionSchema(
  { questions, hasAsOf }: Pick<ServingQuery, 'questions' | 'hasAsOf'>,
  maxBatch: number,
): QuestionSchema {
  const asOf = { as_of: instantSchema.optional() }
  const question = z.strictObject({
    ...Object.fromEntries(
      questions.map((c) => [c.name, c.nullable ? valueSchema(c.type).nullable() : valueSchema(c.type)]),
    ),
    ...(hasAsOf ? asOf : {}),
  }) as z.ZodType<Question>
  const many = z.array(question).min(1).max(maxBatch).optional()
  const body = z
    .strictObject({ keys: many, rows: many, ...(hasAsOf ? asOf : {}) })
    .refine((given) => (given.keys === undefined) !== (given.rows === undefined), 'Give either "keys" or "rows"')
  return {
    question,
    body,
    readBody(value) {
      const given = checked(body, value) as { keys?: Question[]; rows?: Question[]; as_of?: string }
      return { questions: given.keys ?? given.rows ?? [], asOf: given.as_of }
    },
    readQuery(query) {
      const types = new Map(questions.map((c) => [c.name, c.type]))
      const value: Record<string, unknown> = {}
      const twice: FieldProblem[] = []
      for (const [name, given] of query) {
        if (Object.hasOwn(value, name)) twice.push({ pointer: pointerTo([name]), detail: 'Given twice' })
        // Defined rather than set: the name may be that of a member every object has.
        else Object.defineProperty(value, name, { value: fromText(types.get(name) ?? 'text', given), enumerable: true })
      }
      if (twice.length > 0) invalid(twice)
      return { questions: [checked(question, value)], asOf: undefined }
    },
  }
}

/** A list of problems as long as a request would be an answer that costs more than what was asked. */
const mostTold = 50

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value)
  return success ? data : invalid(error.issues.slice(0, mostTold).flatMap((issue) => problems(issue, value)))
}

const invalid = (errors: readonly FieldProblem[]): never =>
  refuse(422, 'serve/request', { detail: errors.length === 1 ? '1 problem' : `${errors.length} problems` }, { errors })

function problems(issue: z.core.$ZodIssue, value: unknown): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointerTo([...issue.path, key]), detail: 'Unknown field' }))
  }
  return [{ pointer: pointerTo(issue.path), detail: detailOf(issue, at(value, issue.path)) }]
}

function detailOf(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.path.length > 0 && found === undefined) return 'Missing'
  if (found === null) return 'May not be null'
  return issue.message
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value
  for (const step of path) here = (here as Record<PropertyKey, unknown> | null | undefined)?.[step]
  return here
}

const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
