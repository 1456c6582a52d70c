/** Columns of a result as columns of a Parquet file: what is asked of the database, and what its values become. */
import { type Column, quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'

/** What hyparquet-writer is told of a column. */
export interface ParquetColumn {
  readonly name: string
  /** The expression that gives values `convert` takes. */
  readonly sql: string
  readonly element: {
    readonly name: string
    readonly type: 'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY' | 'FIXED_LEN_BYTE_ARRAY'
    readonly type_length?: number
    readonly converted_type?: 'UTF8' | 'DATE' | 'DECIMAL'
    readonly logical_type?:
      | { readonly type: 'UUID' }
      | { readonly type: 'TIMESTAMP'; readonly isAdjustedToUTC: boolean; readonly unit: 'MICROS' }
    readonly scale?: number
    readonly precision?: number
    readonly repetition_type: 'OPTIONAL'
  }
  readonly convert: (value: unknown) => unknown
}

/** Digits and scale that hold every value of a numeric column; undefined where no decimal does. */
interface Decimal {
  readonly precision: number
  readonly scale: number
}

const dated = new Set(['date', 'timestamp', 'timestamptz'])
const same = (value: unknown): unknown => value
/** Decimals of more digits are read by few. */
const mostDigits = 38

/**
 * Types that Parquet has are its own, exactly: whole numbers, floats, decimals wide enough for every value, days, microseconds,
 * UUIDs, bytes. Everything else, and columns with NaN among numerics or infinite instants, is the server's text.
 *
 * Costs one pass over the rows where there are numerics, dates or instants.
 */
export async function parquetColumns(
  tx: Database,
  from: string,
  columns: readonly Column[],
): Promise<readonly ParquetColumn[]> {
  const asked = columns.flatMap((c, i) => (c.type === 'numeric' || dated.has(c.type) ? [{ i, type: c.type }] : []))
  const [facts = []] =
    asked.length === 0
      ? []
      : (
          await tx.query(
            `SELECT ${asked.flatMap(({ i, type }) => factsOf(`q.c${i}`, type)).join(', ')} FROM ${named(from, columns.length)}`,
          )
        ).rows
  const found = new Map(asked.map(({ i }, n) => [i, facts.slice(3 * n, 3 * n + 3)]))
  return columns.map((c, i) => {
    const [hasOdd, scale, digits] = found.get(i) ?? []
    const decimal = { scale: Number(scale ?? 0), precision: Math.max(1, Number(digits ?? 0) + Number(scale ?? 0)) }
    return columnOf(c, `q.c${i}`, hasOdd === true, decimal)
  })
}

/** The statement that gives the rows for {@link ParquetColumn.convert}. */
export const parquetRows = (from: string, columns: readonly ParquetColumn[]): string =>
  `SELECT ${columns.map((c) => `${c.sql} AS ${quoteIdentifier(c.name)}`).join(', ')} FROM ${named(from, columns.length)}`

const named = (from: string, n: number): string =>
  `${from} AS q (${Array.from({ length: n }, (_, i) => `c${i}`).join(', ')})`

const factsOf = (c: string, type: string): string[] =>
  type === 'numeric'
    ? [
        `bool_or(${c} IN ('NaN', 'Infinity', '-Infinity'))`,
        `max(scale(trim_scale(${c})))`,
        `max(length(trunc(abs(${c}))::text)) FILTER (WHERE abs(${c}) >= 1)`,
      ]
    : [`bool_or(NOT isfinite(${c}))`, 'NULL', 'NULL']

function columnOf({ name, type, isEnum }: Column, c: string, hasOdd: boolean, decimal: Decimal): ParquetColumn {
  const optional = { name, repetition_type: 'OPTIONAL' } as const
  const text: ParquetColumn = {
    name,
    sql: `${c}::text`,
    element: { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' },
    convert: same,
  }
  const plain = (physical: 'BOOLEAN' | 'INT32' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY'): ParquetColumn => ({
    name,
    sql: c,
    element: { ...optional, type: physical },
    convert: same,
  })
  const whole = (
    sql: string,
    element: Omit<ParquetColumn['element'], 'name' | 'repetition_type' | 'type'>,
  ): ParquetColumn => ({
    name,
    sql: `(${sql})::text`,
    element: { ...optional, type: 'INT64', ...element },
    convert: (value) => BigInt(value as string),
  })
  if (isEnum || hasOdd) return text
  switch (type) {
    case 'bool':
      return plain('BOOLEAN')
    case 'int2':
    case 'int4':
      return plain('INT32')
    case 'float4':
      return plain('FLOAT')
    case 'float8':
      return plain('DOUBLE')
    case 'bytea':
      return plain('BYTE_ARRAY')
    case 'int8':
      return whole(c, {})
    case 'date':
      return {
        ...plain('INT32'),
        sql: `(${c} - date '1970-01-01')`,
        element: { ...optional, type: 'INT32', converted_type: 'DATE' },
      }
    case 'timestamp':
    case 'timestamptz': {
      const logical = { type: 'TIMESTAMP', isAdjustedToUTC: type === 'timestamptz', unit: 'MICROS' } as const
      return whole(`(extract(epoch FROM ${c}) * 1000000)::int8`, { logical_type: logical })
    }
    case 'uuid':
      return {
        ...text,
        element: { ...optional, type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } },
      }
    case 'numeric':
      return decimal.precision > mostDigits ? text : decimalColumn(text, decimal)
    default:
      return text
  }
}

/** Unscaled, as whole numbers, which the writer keeps to the last digit. */
function decimalColumn({ name, sql }: ParquetColumn, { precision, scale }: Decimal): ParquetColumn {
  return {
    name,
    sql,
    element: {
      name,
      type: 'FIXED_LEN_BYTE_ARRAY',
      type_length: 16,
      converted_type: 'DECIMAL',
      precision,
      scale,
      repetition_type: 'OPTIONAL',
    },
    convert: (value) => {
      const [digits = '', fraction = ''] = String(value).split('.')
      return BigInt(digits + fraction.padEnd(scale, '0').slice(0, scale))
    },
  }
}
