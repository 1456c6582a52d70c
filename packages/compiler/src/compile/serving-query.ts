/** The prediction query for any number of questions that come as parameters: one text, prepared once, whatever is asked. */
import type { Facts } from '../analyse/bind.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { layout } from '../emit/layout.ts'
import { printType } from '../emit/type-name.ts'
import { type CompileOptions, passesOf } from '../ir/compile-options.ts'
import type { EntityDef, ModelDef } from '../ir/definition.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { OutputChoice } from '../ir/output.ts'
import type { Column } from '../ir/type.ts'
import { listsOnce } from '../rewrite/serving-spine.ts'
import type { Challenger, ComparedInput, ComparedOutput } from './comparison-query.ts'
import type { CompiledQuery } from './compiled-query.ts'
import { predictionHeader } from './prediction-header.ts'
import { withChallengers } from './with-challengers.ts'
import { withOutputs } from './with-outputs.ts'

export interface ServingQueryOptions extends Omit<CompileOptions, 'dialect'> {
  /** Output columns instead of those the record has. */
  readonly outputs?: readonly OutputChoice[]
  /** Also return the features each prediction was made from. Default false. */
  readonly withFeatures?: boolean
  /** Models scored beside it, whose columns come behind, as those of {@link comparisonQuery}. */
  readonly challengers?: readonly Challenger[]
}

export interface ServingQuery extends CompiledQuery {
  /** What a question brings: entity keys and request columns. Parameter `$i` is the array of the i-th over all questions; values that are arrays themselves are given as text. */
  readonly questions: readonly Column[]
  /** Whether an array of instants comes after them; NULL there is the start of the transaction. */
  readonly hasAsOf: boolean
  /** The keys among the questions. */
  readonly keys: readonly string[]
  /** Whether the last column tells if the entity's relation has the key: only where an index answers that. */
  readonly tellsKnown: boolean
  /** For the model and each challenger the columns that are its outputs. */
  readonly outputs: readonly (readonly ComparedOutput[])[]
  /** With `withFeatures`: for the model and each challenger the columns that are its inputs. */
  readonly inputs: readonly (readonly ComparedInput[])[]
}

const row = '_q'

/**
 * Compiles the prediction query over arrays of questions. Rows come with the number of their question first, from 1; then the
 * columns of {@link predictionQuery}, and whether the key is known. Each question is answered by itself, as the function of
 * {@link predictionObject} answers it: so the plan does not depend on how many there are.
 *
 * Errors: those of {@link predictionQuery}; `compile/challenger` for one that needs more than the questions of the model bring.
 *
 * ```sql
 * SELECT _q.n AS _n, p.*, EXISTS (SELECT FROM customers AS e WHERE e.customer = _q.c1) AS _known
 * FROM unnest($1::int4[], $2::timestamptz[]) WITH ORDINALITY AS _q (c1, c2, n) CROSS JOIN LATERAL (WITH … SELECT …) AS p
 * ```
 */
export function servingQuery(
  model: ModelDef,
  trained: ModelRecord,
  facts: Facts,
  options: ServingQueryOptions = {},
): ServingQuery {
  const record = withOutputs(trained, options.outputs)
  const spine = { kind: 'parameters', row } as const
  const made = withChallengers(model, record, options.challengers ?? [], facts, { ...options, spine }, 'function')
  const { bound, asked, text, warnings, plan } = made
  const { entity } = bound.dataset.sample
  const { from } = entity
  const keys = entity.keys.map((k) => k.name)
  const questions = asked.map((c) => (keys.includes(c.name) ? { ...c, nullable: false } : c))
  const given = [...questions, ...(bound.hasAsOf ? [{ name: 'as_of', type: 'timestamptz' }] : [])]
  const tellsKnown = from !== undefined && listsOnce(entity, from, facts.catalog)
  const known = tellsKnown
    ? `, EXISTS (SELECT FROM ${quoteName(from)} AS e WHERE ${match(entity, questions)}) AS _known`
    : ''
  const arrays = given.map((c, i) => `$${i + 1}::${c.type.startsWith('_') ? 'text' : printType(c.type)}[]`)
  const names = [...given.map((_, i) => `c${i + 1}`), 'n']
  const sql = [
    predictionHeader({ ...made, record, form: 'query', distributed: false }, made.lines),
    `SELECT ${row}.n AS _n, p.*${known}`,
    `FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS ${row} (${names.join(', ')})`,
    `CROSS JOIN LATERAL (\n${text}\n) AS p`,
  ].join('\n')
  const columns = [
    { name: '_n', type: 'int8', nullable: false },
    ...made.columns,
    ...(tellsKnown ? [{ name: '_known', type: 'bool', nullable: false }] : []),
  ]
  return {
    sql: layout(sql, passesOf(options).format),
    columns,
    warnings,
    plan,
    questions,
    keys,
    hasAsOf: bound.hasAsOf,
    tellsKnown,
    outputs: made.outputs,
    inputs: made.inputs,
  }
}

const match = ({ keys }: EntityDef, questions: readonly Column[]): string =>
  keys
    .map((k) => `e.${quoteIdentifier(k.name)} = ${row}.c${1 + questions.findIndex((c) => c.name === k.name)}`)
    .join(' AND ')
