/** A prediction query that carries its own test: one file for any client, which says what disagrees, and fails when something does. */
import type { Facts } from '../analyse/bind.ts'
import { dialectOf } from '../emit/dialect-of.ts'
import { quoteIdentifier } from '../emit/identifier.ts'
import { layout } from '../emit/layout.ts'
import { printLiteral } from '../emit/literal.ts'
import { printStatement, sqlComment } from '../emit/statement.ts'
import { quoteText } from '../emit/text-literal.ts'
import { ArithmeticError, evaluate } from '../evaluate/evaluate.ts'
import { type CompileOptions, isDistributed, passesOf } from '../ir/compile-options.ts'
import type { ModelDef } from '../ir/definition.ts'
import type { Expr, Literal } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { hasLogarithm } from '../model/encoders/transform.ts'
import { outputs } from '../model/outputs.ts'
import type { Output } from '../model/planned-outputs.ts'
import { scoreColumns } from '../model/score-columns.ts'
import { linearPredictors } from '../model/scoring.ts'
import { linearTerms } from '../model/terms.ts'
import type { CompiledQuery } from './compiled-query.ts'
import { dollarTag } from './function-text.ts'
import { predictionHeader } from './prediction-header.ts'
import { compiledPrediction, type PredictionOptions } from './prediction-query.ts'
import { scoredRows } from './verification-query.ts'
import { withOutputs } from './with-outputs.ts'

export interface SelfTest extends CompiledQuery {
  /** The checks as rows, and the statement that raises, alone: to be put below another form of the same prediction. */
  readonly checks: string
  readonly raising: string
}

/**
 * The prediction query, a query of its checks, and a statement that raises the names of those that fail.
 *
 * Checks: `rows` (as many predictions as questions), and for each verification row of the record its linear predictor and
 * its output against what was recorded. Arithmetic is compared to the bit; 4 units in the last place are allowed through
 * `exp`, and the rounding of `ln` where an input is transformed by it. The checks come back as rows
 * (`check`, `ok`, `expected`, `actual`); the last statement is for clients that act on errors (`psql -v ON_ERROR_STOP=1 -f`)
 * and may be left out.
 *
 * Errors: those of {@link predictionQuery}.
 *
 * ```sql
 * WITH … SELECT …;
 * WITH … SELECT c."check", c.ok, c.expected, c.actual FROM … ORDER BY c.position;
 * DO $viewcast$ BEGIN … RAISE EXCEPTION … END $viewcast$;
 * ```
 */
export function selfTest(model: ModelDef, trained: ModelRecord, facts: Facts, options: PredictionOptions): SelfTest {
  const record = withOutputs(trained, options.outputs)
  const made = compiledPrediction(model, record, facts, options, 'query')
  const { text, questions, columns, warnings, plan } = made
  const head = predictionHeader({ ...made, record, form: 'query', distributed: isDistributed(options) }, [
    ['self-test', 'two statements below the query: checks as rows, and an error that names those that fail'],
  ])
  const format = passesOf(options).format
  const checks = layout(checksQuery(record, text, questions(), options), format)
  const rows = `${sqlComment('Self-test: every row has to be ok.')}\n${checks}\nORDER BY c.position;`
  const raised = `${sqlComment('Self-test: an error when a row is not ok.')}\n${raising(record, checks)}`
  const sql = [`${layout(`${head}\n${text}`, format)};`, rows, raised].join('\n\n')
  return { sql, checks: rows, raising: raised, columns, warnings, plan }
}

function checksQuery(record: ModelRecord, text: string, questions: string, options: CompileOptions): string {
  const scores = scoreColumns(record)
  const all = outputs(record)
  const per = scores.length + all.length
  const values = record.verification.flatMap((v, i) => {
    const row = `verification row ${i + 1}`
    const slacks = slacksOf(record, v.inputs)
    const most = Math.max(...slacks)
    return [
      ...v.scores.map((score, k) => {
        const title = scores.length === 1 ? 'linear predictor' : `linear predictor ${k + 1}`
        return [i * per + k + per, `${row}: ${title}`, score, slacks[k] ?? 0] as const
      }),
      ...all.map((output, k) => {
        const expected = numberOf(v.outputs[output.name] ?? null, saidBy(record, output))
        const slack = output.type === 'float8' ? most + 4 * ulp(expected) : 0
        return [i * per + scores.length + k + per, `${row}: ${output.name}`, expected, slack] as const
      }),
    ]
  })
  const list = values.map(
    ([position, title, value, slack]) =>
      `(${position}, ${quoteText(title)}, ${printLiteral(value, 'float8')}, ${printLiteral(slack, 'float8')})`,
  )
  const counted = (position: number, title: string, expected: string, actual: string) =>
    `SELECT ${position} AS position, ${quoteText(title)} AS "check", ${actual} = ${expected} AS ok, ` +
    `${expected} AS expected, ${actual} AS actual`
  const rows = counted(
    1,
    'rows: one prediction for each question',
    `(SELECT count(*) FROM (\n${questions}\n) AS q)::float8`,
    `(SELECT count(*) FROM (\n${text}\n) AS p)::float8`,
  )
  if (list.length === 0) return `SELECT c."check", c.ok, c.expected, c.actual FROM (${rows}) AS c`
  // The columns of a scored row, one below the other.
  const columns = [
    ...scores.map((name) => `s.${quoteIdentifier(name)}`),
    ...all.map((o) => asNumber(`s.${quoteIdentifier(o.name)}`, o, saidBy(record, o))),
  ]
  const actual = columns
    .map((value, k) => `SELECT s._row * ${per} + ${k} AS position, ${value} AS value FROM _scored AS s`)
    .join(' UNION ALL ')
  const near = 'a.value IS NOT DISTINCT FROM e.value OR abs(a.value - e.value) <= e.slack'
  return (
    `WITH _scored AS (\n${printStatement(scoredRows(record, options), dialectOf(options))}\n), ` +
    `_expected (position, title, value, slack) AS (VALUES ${list.join(', ')})\n` +
    `SELECT c."check", c.ok, c.expected, c.actual FROM (${rows} ` +
    `UNION ALL SELECT e.position, e.title, coalesce(${near}, false), e.value, a.value ` +
    `FROM _expected AS e LEFT JOIN (${actual}) AS a ON a.position = e.position) AS c`
  )
}

/** What an output that is text may say. */
const saidBy = (record: ModelRecord, output: Output): readonly string[] =>
  output.name === 'label' ? (record.classes ?? []) : record.inputs.map((i) => i.feature)

/** Labels and reasons are compared as numbers: 0 and 1, or the place in the list of what they can be. */
function numberOf(value: Literal, said: readonly string[]): number | null {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'string' ? said.indexOf(value) + 1 : value
}

function asNumber(column: string, { type }: Output, said: readonly string[]): string {
  if (type === 'float8') return column
  if (type === 'bool') return `${column}::int4::float8`
  return `array_position(ARRAY[${said.map((s) => quoteText(s)).join(', ')}]::text[], ${column})::float8`
}

/** What logarithms may differ by between mathematics libraries, per score: 16 roundings of the size of the terms; nothing without them. */
function slacksOf(record: ModelRecord, inputs: ModelRecord['verification'][number]['inputs']): readonly number[] {
  const logarithms = record.inputs.some((i) => hasLogarithm(i.encoder))
  const predictors = linearPredictors(record, 'f')
  if (!logarithms) return predictors.map(() => 0)
  return predictors.map((predictor) => slackOf(linearTerms(predictor), inputs))
}

function slackOf(terms: readonly Expr[], inputs: ModelRecord['verification'][number]['inputs']): number {
  try {
    const size = terms.reduce((sum, t) => sum + Math.abs(Number(evaluate(t, { row: inputs }))), 0)
    return Number.isFinite(size) ? 16 * size * Number.EPSILON : 0
  } catch (e) {
    // The database raises for this row as well, and says so itself.
    if (e instanceof ArithmeticError) return 0
    throw e
  }
}

/** The distance to the next number, or 0 where there is none. */
function ulp(value: number | null): number {
  if (value === null || !Number.isFinite(value)) return 0
  return Math.max(2 ** (Math.floor(Math.log2(Math.abs(value) || Number.MIN_VALUE)) - 52), Number.MIN_VALUE)
}

function raising(record: ModelRecord, checks: string): string {
  const tag = dollarTag(checks)
  const message = `self-test of model "${record.name}" version ${record.version} failed: `
  return [
    `DO ${tag}`,
    '#variable_conflict use_column',
    'DECLARE',
    '  _failed text;',
    'BEGIN',
    `SELECT string_agg(t."check", ', ') INTO _failed FROM (\n${checks}\n) AS t WHERE NOT t.ok;`,
    `IF _failed IS NOT NULL THEN RAISE EXCEPTION '%', ${quoteText(message)} || _failed; END IF;`,
    'END',
    `${tag};\n`,
  ].join('\n')
}
