/** What is known of functions by their names: the server's own, and those the catalog lists. */
import type { Catalog } from '../../ir/catalog.ts'
import type { Node } from './parser.ts'
import { list, nameParts } from './tree.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** VOLATILE functions of pg_catalog that a query may call (PostgreSQL 15 to 18), administration left out. */
const volatileBuiltIns = words(
  'array_sample array_shuffle clock_timestamp currval gen_random_uuid lastval nextval pg_advisory_lock ' +
    'pg_advisory_xact_lock pg_is_in_recovery pg_relation_size pg_sleep pg_sleep_for pg_sleep_until pg_table_size ' +
    'pg_total_relation_size pg_try_advisory_lock pg_try_advisory_xact_lock query_to_xml random random_normal set_config ' +
    'setseed setval timeofday ts_stat txid_current txid_status pg_current_xact_id uuidv4 uuidv7 uuid_generate_v1 ' +
    'uuid_generate_v1mc uuid_generate_v4',
)

/** Functions of pg_catalog that return sets; the many of its own administration begin with pg_. */
const setReturningBuiltIns = words(
  'aclexplode generate_series generate_subscripts json_array_elements json_array_elements_text json_each json_each_text ' +
    'json_object_keys json_populate_recordset json_to_recordset jsonb_array_elements jsonb_array_elements_text jsonb_each ' +
    'jsonb_each_text jsonb_object_keys jsonb_path_query jsonb_path_query_tz jsonb_populate_recordset jsonb_to_recordset ' +
    'regexp_matches regexp_split_to_table string_to_table ts_debug ts_parse ts_stat ts_token_type txid_snapshot_xip unnest',
)

/** Aggregate functions (PostgreSQL manual, section 9.21), ordered-set and hypothetical-set ones included. */
const aggregateBuiltIns = words(
  'any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or count every json_agg json_agg_strict ' +
    'json_arrayagg json_objectagg json_object_agg json_object_agg_strict json_object_agg_unique ' +
    'json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict ' +
    'jsonb_object_agg_unique jsonb_object_agg_unique_strict max min range_agg range_intersect_agg string_agg sum ' +
    'xmlagg corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx ' +
    'regr_sxy regr_syy stddev stddev_pop stddev_samp variance var_pop var_samp mode percentile_cont ' +
    'percentile_disc rank dense_rank percent_rank cume_dist',
)
/** Of these the plain call is a window function; only WITHIN GROUP makes it an aggregate. */
const hypothetical = words('rank dense_rank percent_rank cume_dist')

/** Whether a call by this name aggregates rows. */
export const isAggregateName = (name: string, withinGroup: boolean): boolean =>
  aggregateBuiltIns.has(name) && (withinGroup || !hypothetical.has(name))

/** What of a catalog says something about functions. */
export type FunctionFacts = Pick<Catalog, 'searchPath' | 'functions'>

const noFunctions: FunctionFacts = { searchPath: [] }

/** The parts of a called function's name. */
export const functionName = (call: Node): { readonly schema?: string; readonly name: string } => {
  const parts = nameParts(list(call, 'funcname'))
  const schema = parts.at(-2)
  return { ...(schema === undefined ? {} : { schema }), name: parts.at(-1) ?? '' }
}

const own = (call: Node, { functions = [], searchPath }: FunctionFacts) => {
  const { schema, name } = functionName(call)
  return functions.find(
    (f) => f.name === name && (schema === undefined ? searchPath.includes(f.schema) : f.schema === schema),
  )
}
const mayBeBuiltIn = (call: Node): boolean => (functionName(call).schema ?? 'pg_catalog') === 'pg_catalog'

/** Whose word it is that a call gives another answer each time; undefined when it does not. */
export function volatility(call: Node, facts: FunctionFacts = noFunctions): 'built in' | 'declared' | undefined {
  const declared = own(call, facts)
  if (declared) return declared.volatile ? 'declared' : undefined
  // Extensions are often used without a catalog at hand; their best known functions are in the list.
  return volatileBuiltIns.has(functionName(call).name) ? 'built in' : undefined
}

/** True unless the call is known to give one value. */
export function maySet(call: Node, facts: FunctionFacts = noFunctions): boolean {
  const { name } = functionName(call)
  if (mayBeBuiltIn(call) && (setReturningBuiltIns.has(name) || name.startsWith('pg_'))) return true
  return own(call, facts)?.returnsSet ?? false
}

/** Functions of pg_catalog that return one row of several columns. */
const recordBuiltIns = words(
  'json_populate_record json_to_record jsonb_populate_record jsonb_to_record pg_input_error_info',
)

/** True when a function in FROM may look into tables by itself: one that is not known as the server's own. */
export function mayReadTables(call: Node): boolean {
  const { schema, name } = functionName(call)
  if (schema !== undefined) return schema !== 'pg_catalog'
  return !(setReturningBuiltIns.has(name) || recordBuiltIns.has(name) || name.startsWith('pg_'))
}

/** True when the call is an aggregate for certain: by its syntax, or as one of the server's own. */
export const isAggregate = (call: Node): boolean =>
  call.over === undefined &&
  (call.agg_star === true ||
    call.agg_distinct === true ||
    call.agg_within_group === true ||
    call.agg_filter !== undefined ||
    call.agg_order !== undefined ||
    (mayBeBuiltIn(call) && isAggregateName(functionName(call).name, false)))
