/**
 * A PostgreSQL type by its internal name (`pg_type.typname`): `int4`, `float8`, `text`, `timestamptz`, `_int4` for arrays.
 *
 * Plain strings, because users bring domains and enums of their own.
 */
export type SqlType = string

const aliases: Readonly<Record<string, SqlType>> = {
  boolean: 'bool',
  smallint: 'int2',
  integer: 'int4',
  int: 'int4',
  bigint: 'int8',
  decimal: 'numeric',
  real: 'float4',
  'double precision': 'float8',
  'character varying': 'varchar',
  character: 'bpchar',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
}

/** The internal name of a type written as in SQL: `double precision` → `float8`, `character varying(20)` → `varchar`. */
export function sqlType(name: string): SqlType {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/\(\s*\d+(\s*,\s*\d+)?\s*\)/, '')
    .replace(/\s+/g, ' ')
  return aliases[bare] ?? bare
}

const integers = new Set(['int2', 'int4', 'int8'])
const floats = new Set(['float4', 'float8'])
const instants = new Set(['date', 'timestamp', 'timestamptz'])
const texts = new Set(['text', 'varchar', 'bpchar', 'name', 'citext', 'uuid', 'char'])

export const isInteger = (t: SqlType): boolean => integers.has(t)
export const isFloat = (t: SqlType): boolean => floats.has(t)
export const isNumber = (t: SqlType): boolean => isInteger(t) || isFloat(t) || t === 'numeric'
/** Types whose sums do not depend on the order of the rows. */
export const isExact = (t: SqlType): boolean => isInteger(t) || t === 'numeric'
export const isText = (t: SqlType): boolean => texts.has(t)
export const isInstant = (t: SqlType): boolean => instants.has(t)
export const isBoolean = (t: SqlType): boolean => t === 'bool'

/** What a model can read a column as: a number, a truth value, a category; undefined for anything else. */
export function featureKind(t: SqlType, isEnum = false): 'numeric' | 'boolean' | 'category' | undefined {
  if (isNumber(t)) return 'numeric'
  if (isBoolean(t)) return 'boolean'
  if (isText(t) || isEnum) return 'category'
  return undefined
}

/** A named column of a relation. */
export interface Column {
  readonly name: string
  readonly type: SqlType
  /** False only when the database or the declaration says so. */
  readonly nullable: boolean
  readonly isEnum?: boolean
  readonly description?: string
}
