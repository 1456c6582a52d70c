/**
 * Functions and operators of PostgreSQL by what they do with NULL. A name that is not here is unknown; so is one that the
 * database has a function of its own for.
 */
import type { Family } from './value.ts'

const words = (text: string): string[] => text.trim().split(/\s+/)
const table = (lists: readonly (readonly [Family, string])[]): ReadonlyMap<string, Family> =>
  new Map(lists.flatMap(([family, names]) => words(names).map((name): [string, Family] => [name, family])))

/**
 * NULL exactly when an argument is. Not here, because they give NULL for values too: `to_char` and `extract` (of
 * infinity), `array_length` (of an empty array), `substring` with a pattern, `scale`, `to_number`.
 */
export const strictFunctions = table([
  [
    'text',
    `initcap btrim ltrim rtrim lpad rpad replace translate left right reverse repeat substr chr md5 split_part
     regexp_replace quote_literal quote_ident encode to_hex like_escape similar_to_escape array_to_string
     jsonb_typeof json_typeof timeofday normalize`,
  ],
  [
    'number',
    `length char_length character_length octet_length bit_length position strpos ascii abs ceil ceiling floor round
     trunc sign sqrt cbrt exp ln log log10 power pow mod div pi degrees radians sin cos tan cot asin acos atan atan2
     sinh cosh tanh asinh acosh atanh gcd lcm width_bucket random cardinality regexp_count hashtext hashtextextended
     jsonb_array_length json_array_length factorial`,
  ],
  [
    'time',
    `date_trunc date_bin timezone age make_date make_time make_timestamp make_timestamptz make_interval to_date
     to_timestamp justify_days justify_hours justify_interval now transaction_timestamp statement_timestamp
     clock_timestamp`,
  ],
  ['bool', 'isfinite starts_with regexp_like'],
  [undefined, 'to_json to_jsonb sha224 sha256 sha384 sha512 decode string_to_array gen_random_uuid'],
])

/** `lower` and `upper` of a text; of a range they give NULL where it has no bound. */
export const textFunctions: ReadonlySet<string> = new Set(['lower', 'upper'])

/** Never NULL, whatever the arguments. */
export const totalFunctions = table([
  ['text', 'concat quote_nullable'],
  ['number', 'num_nulls num_nonnulls'],
  [undefined, 'jsonb_build_object json_build_object jsonb_build_array json_build_array pg_typeof'],
])

/** Fields of `extract` and `date_part` that infinity has, too. */
export const monotonicFields: ReadonlySet<string> = new Set(
  words('epoch year years isoyear julian century centuries decade decades millennium millennia'),
)

/** NULL when no row counts; never when a value that is not NULL was gathered. Family `undefined`: that of the argument. */
export const aggregates = table([
  ['number', 'sum avg stddev_pop var_pop bit_and bit_or bit_xor percentile_cont'],
  ['bool', 'bool_and bool_or every'],
  ['text', 'string_agg'],
  [undefined, 'min max any_value mode percentile_disc'],
])

/** Aggregates that keep the NULLs they meet: never NULL when there is a row. */
export const gathering: ReadonlySet<string> = new Set(words('array_agg json_agg jsonb_agg'))

/** Aggregates that need more than one value, or give NULL for reasons of their own. */
export const sparseAggregates: ReadonlySet<string> = new Set(
  words(`stddev stddev_samp variance var_samp corr covar_pop covar_samp regr_avgx regr_avgy regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy json_object_agg jsonb_object_agg`),
)

export const counts: ReadonlySet<string> = new Set(['count', 'regr_count'])

export const isAggregate = (name: string): boolean =>
  aggregates.has(name) || gathering.has(name) || sparseAggregates.has(name) || counts.has(name)

export const rankings: ReadonlySet<string> = new Set(words('row_number rank dense_rank percent_rank cume_dist'))

/** Operators that are NULL exactly when an operand is. `||` is apart: an array takes a NULL element. */
export const comparisons: ReadonlySet<string> = new Set(
  words('= <> != < <= > >= ~~ !~~ ~~* !~~* ~ ~* !~ !~* @> <@ && ? ?| ?& ^@'),
)
export const arithmetic: ReadonlySet<string> = new Set(words('+ - * / % ^ & | << >> |/ ||/ @'))

/** Types a cast to which gives NULL for NULL only, unless what is cast is json. */
export const plainTypes: ReadonlySet<string> = new Set(
  words(`bool int2 int4 int8 float4 float8 numeric text varchar bpchar char name uuid date timestamp timestamptz time
    timetz interval bytea oid bit varbit inet cidr`),
)
