import type { DatabaseError } from '../database/database-error.ts'

/** What a user can write instead, by SQLSTATE. */
const hints: Readonly<Record<string, string>> = {
  '22012': 'Divide by nullif(x, 0): the result is NULL there, which a model can be told what to make of.',
  '22P02':
    "Cast what can be cast only: CASE WHEN x ~ '^[0-9]+$' THEN x::integer END, or pg_input_is_valid(x, 'integer').",
  '22003': 'Compute with a wider type: cast to bigint, numeric or double precision before the operation.',
  '22007':
    "Cast what is a date only: CASE WHEN x ~ '^\\d{4}-\\d{2}-\\d{2}$' THEN x::date END, or pg_input_is_valid(x, 'date').",
  '22008': 'Check the range before the arithmetic or the cast: an instant must lie between 4713 BC and 294276 AD.',
  '22023': "Look before the cast: CASE WHEN jsonb_typeof(x) = 'number' THEN x::float8 END for jsonb.",
  '2201E': 'Take logarithms of positive values only: CASE WHEN x > 0 THEN ln(x) END.',
  '2201F': 'Take roots of values from 0 only: CASE WHEN x >= 0 THEN sqrt(x) END.',
  '21000': 'Let the subquery return one row: aggregate it, or add ORDER BY … LIMIT 1.',
  '23514': 'Cast to the base type of the domain, or check its condition before the cast.',
  '42501': 'Let the login read it: GRANT SELECT ON … TO …; "viewcast doctor" shows who is connected.',
  '55000': 'Fill the materialized view: REFRESH MATERIALIZED VIEW ….',
}

/** Exceptions of functions are left out: their hint, like their message, may hold row values. */
export const failureHint = ({ sqlState, hint }: DatabaseError): string | undefined =>
  hints[sqlState] ?? (/^(22|38|39|P0)/.test(sqlState) ? undefined : hint)
