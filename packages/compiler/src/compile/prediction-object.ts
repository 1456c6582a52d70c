/** A prediction as an object of a database, as text: a view, a function that gives a row, a function that gives a number. */
import type { Facts } from '../analyse/bind.ts'
import { type Diagnostic, fail } from '../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { layout } from '../emit/layout.ts'
import { quoteText } from '../emit/text-literal.ts'
import { readsAnew } from '../front/sql/reads-anew.ts'
import { type CompileOptions, isDistributed, passesOf } from '../ir/compile-options.ts'
import type { ModelDef, RelationName } from '../ir/definition.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { OutputChoice } from '../ir/output.ts'
import type { Column } from '../ir/type.ts'
import { outputs } from '../model/outputs.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import type { Challenger } from './comparison-query.ts'
import type { QueryPlan } from './compiled-query.ts'
import { type Callable, createFunction, functionSignature, type Parameter } from './function-text.ts'
import { predictionHeader } from './prediction-header.ts'
import { compiledPrediction } from './prediction-query.ts'
import { scoreOfColumns } from './score-of-columns.ts'
import { withChallengers } from './with-challengers.ts'
import { withOutputs } from './with-outputs.ts'

export interface PredictionObjectOptions extends CompileOptions {
  /** `view`: every entity. `function`: a row for the key given. `scalar`: the number for the key given. */
  readonly as: 'view' | 'function' | 'scalar'
  /** Output columns instead of those the record has; a scalar gives the first. */
  readonly outputs?: readonly OutputChoice[]
  /** Default: the model's name for a view, `predict_<model>` for a function; in the schema that is first on the search path. */
  readonly name?: RelationName
  /** ISO instant a view predicts at; default the start of each transaction that reads it. Functions are given theirs. */
  readonly at?: string
  /** Of a function: models scored beside it, whose columns come behind, as those of {@link comparisonQuery}. */
  readonly challengers?: readonly Challenger[]
}

export interface PredictionObject {
  /** Header, CREATE OR REPLACE and COMMENT ON; each statement ends with a semicolon. */
  readonly sql: string
  readonly name: RelationName
  /** What it is called with; none for a view. */
  readonly parameters: readonly Column[]
  readonly columns: readonly Column[]
  /** Of a function: the comment its text begins with, and what it is as data. */
  readonly routine?: { readonly head: string; readonly callable: Callable }
  readonly warnings: readonly Diagnostic[]
  /** How it is made; of a function over columns the size of the model alone. */
  readonly plan: QueryPlan
}

/**
 * Writes the statements that keep a prediction in a database; nothing is run.
 *
 * Names are resolved when the object is made, so the search path of who calls it does not matter. A key that nothing is known
 * of, and NULL, are answered as the query does, with imputed values. With the dialect `citus` a function is PL/pgSQL (SQL
 * functions over distributed tables are refused there), it is called with constants, and `scalar` is a function of the model's
 * inputs rather than of a key; for many keys there is the view.
 *
 * Challengers answer what the champion is asked: one that needs more than its questions bring is refused, so that nobody has to
 * call a function otherwise for their sake.
 *
 * Errors: those of {@link predictionQuery}; `compile/identifier`; `compile/challenger`; `define/option`.
 *
 * ```sql
 * CREATE OR REPLACE FUNCTION predict_delay15 (origin text, as_of timestamptz DEFAULT now())
 * RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE RETURN (WITH … SELECT …);
 * ```
 */
export function predictionObject(
  model: ModelDef,
  trained: ModelRecord,
  facts: Facts,
  options: PredictionObjectOptions,
): PredictionObject {
  const record = withOutputs(trained, options.outputs)
  if (options.challengers && options.challengers.length > 0 && options.as !== 'function') {
    const hint = options.as === 'view' ? 'Write the view around comparisonQuery.' : 'Leave them out.'
    fail('define/option', { option: 'challengers', what: options.as, detail: 'are of a function', hint })
  }
  if (options.as === 'view') return viewObject(model, record, facts, options)
  if (options.at !== undefined) {
    fail('define/option', {
      option: 'at',
      what: options.as,
      detail: 'is a parameter of the call',
      hint: 'Leave it out.',
    })
  }
  return functionObject(model, record, facts, options, options.as)
}

/** The comment by which a later deployment knows the object, its model and version. */
export const objectComment = (record: ModelRecord): string =>
  `viewcast: model ${record.name} version ${record.version}, training query ${record.dataset.queryHash}`

function viewObject(
  model: ModelDef,
  record: ModelRecord,
  facts: Facts,
  options: PredictionObjectOptions,
): PredictionObject {
  const spine = { kind: 'entities', ...(options.at === undefined ? {} : { at: options.at }) } as const
  const made = compiledPrediction(model, record, facts, { ...options, spine }, 'view')
  const { text, columns, warnings, plan } = made
  const name = options.name ?? { name: model.name }
  const head = predictionHeader({ ...made, record, form: 'view', distributed: isDistributed(options) })
  const query = layout(text, passesOf(options).format)
  const create = `CREATE OR REPLACE VIEW ${quoteName(name)} WITH (security_invoker = true) AS\n${query};`
  const comment = `COMMENT ON VIEW ${quoteName(name)} IS ${quoteText(objectComment(record))};`
  return { sql: `${head}\n${create}\n\n${comment}\n`, name, parameters: [], columns, warnings, plan }
}

function functionObject(
  model: ModelDef,
  record: ModelRecord,
  facts: Facts,
  options: PredictionObjectOptions,
  as: 'function' | 'scalar',
): PredictionObject {
  const distributed = isDistributed(options)
  const overColumns = as === 'scalar' && distributed
  const spine = { kind: 'parameters' } as const
  const prediction = withChallengers(model, record, options.challengers ?? [], facts, { ...options, spine }, as)
  const { bound, asked, plan } = prediction
  const out = outputs(record).map((o): Column => ({ name: o.name, type: o.type, nullable: true }))
  const columns = as === 'function' ? prediction.columns : out
  const instant: Column[] = bound.hasAsOf ? [{ name: 'as_of', type: 'timestamptz', nullable: true }] : []
  const inputs = record.inputs.map((i): Column => ({ name: i.feature, type: boundaryType(i), nullable: true }))
  const brought = overColumns ? inputs : [...asked, ...instant]
  const parameters = named(brought, as === 'function' ? columns : [])
  const query = layout(overColumns ? scoreOfColumns(record, options) : prediction.text, passesOf(options).format)
  const name = options.name ?? { name: `predict_${model.name}` }
  const callable: Callable = {
    name,
    parameters: parameters.map((p) =>
      p.type === 'timestamptz' && p.column === 'as_of' ? { ...p, default: 'now()' } : p,
    ),
    ...(as === 'function' ? { columns } : { returns: out[0] as Column }),
    query,
    language: as === 'function' && distributed ? 'plpgsql' : 'sql',
    volatility: overColumns ? 'IMMUTABLE' : readsAnew(query, facts.catalog) ? 'VOLATILE' : 'STABLE',
    searchPath: facts.catalog.searchPath,
  }
  const about = { ...prediction, record, form: as, distributed } as const
  const head = predictionHeader(about, [...prediction.lines, ['call', call(callable, distributed)]])
  const comment = `COMMENT ON FUNCTION ${functionSignature(callable)} IS ${quoteText(objectComment(record))};`
  const sql = `${head}\n${createFunction(callable)}\n\n${comment}\n`
  return {
    sql,
    name,
    parameters: parameters.map(({ name: n, type }) => ({ name: n, type, nullable: true })),
    columns,
    routine: { head, callable },
    warnings: overColumns ? [] : prediction.warnings,
    plan: overColumns ? { ...plan, views: [], stages: [] } : plan,
  }
}

/** Parameters under the names of their columns, or with a prefix where the function returns columns of these names. */
function named(columns: readonly Column[], returned: readonly Column[]): Parameter[] {
  const taken = new Set(returned.map((c) => c.name))
  let prefix = returned.length === 0 ? '' : 'p_'
  while (columns.some((c) => taken.has(`${prefix}${c.name}`))) prefix += '_'
  return columns.map((c) => ({ name: `${prefix}${c.name}`, column: c.name, type: c.type }))
}

function call({ name, parameters, columns }: Callable, distributed: boolean): string {
  const given = parameters.map((p) => p.column).map(quoteIdentifier)
  const one = `${quoteName(name)}(${given.join(', ')})`
  if (columns === undefined) return `select ${one}`
  return distributed
    ? `select * from ${one}, with constants`
    : `select * from ${one}; for many, cross join lateral ${one}`
}
