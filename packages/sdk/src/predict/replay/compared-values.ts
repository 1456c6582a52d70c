/** Logged values against recomputed ones, as SQL. */
import { type ModelRecord, outputs, quoteIdentifier, quoteText } from '@viewcast/compiler'
import { hashedSql } from '../../store/predictions/log-predictions.ts'

/** Tables of a replay: the log as it is, its inputs as columns with what the model says of them, and the values now. */
export const tables = {
  logged: 'pg_temp._viewcast_logged',
  asked: '_viewcast_asked',
  some: '_viewcast_some',
  said: 'pg_temp._viewcast_said',
  now: 'pg_temp._viewcast_now',
  again: 'pg_temp._viewcast_again',
  difference: 'pg_temp._viewcast_difference',
} as const

export interface ComparedInput {
  /** From 1; 0 is the prediction. */
  readonly no: number
  readonly name: string
  readonly type: string
  /** Columns with what it adds to each score. */
  readonly parts: readonly string[]
}

const q = quoteIdentifier
const keptAs = (name: string): string => `l.kept ->> ${quoteText(name)}`

/** A JSON value as the type a model reads; what is no such value is NULL. */
export function typedSql(json: string, name: string, type: string): string {
  const value = `${json} -> ${quoteText(name)}`
  const text = `${json} ->> ${quoteText(name)}`
  if (type === 'bool') return `CASE WHEN jsonb_typeof(${value}) = 'boolean' THEN (${value})::bool END`
  if (type !== 'float8') return `(${text})`
  return `CASE jsonb_typeof(${value}) WHEN 'number' THEN (${value})::float8 WHEN 'string' THEN
    CASE WHEN (${text}) IN ('NaN', 'Infinity', '-Infinity') THEN (${text})::float8 END END`
}

/**
 * Whether two float8 differ by less than 1e-12 of themselves. By bounds: a ratio, a difference or a product of small numbers
 * may be out of range, which PostgreSQL raises an error for.
 */
const isRounding = (a: string, b: string): string =>
  `CASE WHEN abs(${a}) BETWEEN 1e-280 AND 1e300
     THEN ${b} BETWEEN least(${a} * 0.999999999999::float8, ${a} * 1.000000000001::float8)
                   AND greatest(${a} * 0.999999999999::float8, ${a} * 1.000000000001::float8) ELSE false END`

/** The logged value of an input (aliases `l`, `s`) against that of table alias `n`; the keys of the hash are alias `k`. */
export function inputDiffers({ name, type }: ComparedInput, isBeyondRounding = false): string {
  const hashed = hashedSql(`n.${q(name)}`, 'k.inner_pad', 'k.outer_pad')
  const plain = `s.${q(name)} IS DISTINCT FROM n.${q(name)}`
  const beyond =
    isBeyondRounding && type === 'float8'
      ? `${plain} AND NOT coalesce(${isRounding(`s.${q(name)}`, `n.${q(name)}`)}, false)`
      : plain
  return `CASE ${keptAs(name)} WHEN 'plain' THEN ${beyond}
    WHEN 'hashed' THEN l.hash_key = k.mark AND (l.inputs ->> ${quoteText(name)}) IS DISTINCT FROM ${hashed} ELSE false END`
}

export const inputRounds = ({ name, type }: ComparedInput): string =>
  type === 'float8'
    ? `(${keptAs(name)} = 'plain' AND coalesce(${isRounding(`s.${q(name)}`, `n.${q(name)}`)}, false))`
    : 'false'

export const inputCompares = ({ name }: ComparedInput): string =>
  `CASE ${keptAs(name)} WHEN 'plain' THEN true WHEN 'hashed' THEN l.hash_key = k.mark ELSE false END`

/** Whether all inputs of a row were logged as they are. */
export const isComplete = (inputs: readonly ComparedInput[]): string =>
  inputs.length === 0 ? 'true' : inputs.map((i) => `${keptAs(i.name)} IS NOT DISTINCT FROM 'plain'`).join(' AND ')

/** Whether logged outputs, those that `record` has too, differ from those of alias `table`, by more than rounding. */
export function outputsDiffer(record: ModelRecord, table: string): string {
  const differing = outputs(record).map(({ name, type }) => {
    const own = `${table}.${q(name)}`
    const logged = typedSql('l.outputs', name, type)
    const differs =
      type === 'float8'
        ? `(${logged}) IS DISTINCT FROM ${own} AND NOT coalesce(${isRounding(`(${logged})`, own)}, false)`
        : `(l.outputs ->> ${quoteText(name)}) IS DISTINCT FROM ${own}::text`
    return `(l.outputs ? ${quoteText(name)} AND ${differs})`
  })
  return differing.length === 0 ? 'false' : differing.join(' OR ')
}

/** The greatest of what an input adds now and added then, over the scores. */
export function movedSql({ parts }: ComparedInput): string {
  if (parts.length === 0) return 'NULL::float8'
  const moves = parts.map((name) => `abs(n.${q(name)} - s.${q(name)})`)
  return `greatest(${moves.join(', ')})`
}

/** Keys of the hash as a row: `$1` tells the key, `$2` and `$3` are its blocks. */
export const hashKeys = `(SELECT $1::text AS mark, decode($2::text, 'hex') AS inner_pad, decode($3::text, 'hex') AS outer_pad) AS k`
