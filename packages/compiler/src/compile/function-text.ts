/** CREATE FUNCTION around a query, in the forms whose names are resolved once and for all. */
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { printType } from '../emit/type-name.ts'
import type { RelationName } from '../ir/definition.ts'
import type { Column, SqlType } from '../ir/type.ts'

export interface Parameter {
  readonly name: string
  /** What it stands for. */
  readonly column: string
  readonly type: SqlType
  /** SQL of the default. */
  readonly default?: string
}

export interface ReturnedColumn extends Column {
  /** The type as SQL writes it, where that is known better than by its internal name. */
  readonly spelled?: string
}

/** A function as data, from which its statement is written, under whatever name. */
export interface Callable {
  readonly name: RelationName
  readonly parameters: readonly Parameter[]
  /** Of the rows it returns; absent for a function that gives one value. */
  readonly columns?: readonly ReturnedColumn[]
  readonly returns?: Column
  /** Reads its parameters as `$1`, `$2`, …, which no column can capture. */
  readonly query: string
  readonly language: 'sql' | 'plpgsql'
  readonly volatility: 'IMMUTABLE' | 'STABLE' | 'VOLATILE'
  /** What a PL/pgSQL body is read with: it is text until it runs. */
  readonly searchPath: readonly string[]
}

/**
 * What COMMENT ON, GRANT and DROP call a function.
 *
 * ```sql
 * scoring.delay15 (text, timestamptz)
 * ```
 */
export const functionSignature = (f: Callable): string =>
  `${quoteName(f.name)} (${f.parameters.map((p) => printType(p.type)).join(', ')})`

/**
 * The statement that makes a function. SQL bodies are written as RETURN and BEGIN ATOMIC: they are parsed when the function is made, so no search
 * path changes them, what they read cannot be dropped unnoticed, and the planner can merge them into the query that calls.
 */
export function createFunction(f: Callable): string {
  const parameters = f.parameters.map((p) => {
    const byDefault = p.default === undefined ? '' : ` DEFAULT ${p.default}`
    return `${quoteIdentifier(p.name)} ${printType(p.type)}${byDefault}`
  })
  const parallel = f.volatility === 'VOLATILE' ? 'PARALLEL UNSAFE' : 'PARALLEL SAFE'
  const rows = f.columns === undefined ? '' : ' ROWS 1'
  return [
    `CREATE OR REPLACE FUNCTION ${quoteName(f.name)} (${parameters.join(', ')})`,
    `RETURNS ${returned(f)}`,
    `LANGUAGE ${f.language} ${f.volatility} ${parallel}${rows}`,
    body(f),
  ].join('\n')
}

function returned({ columns, returns }: Callable): string {
  if (columns === undefined) return printType(returns?.type ?? 'float8')
  return `TABLE (${columns.map((c) => `${quoteIdentifier(c.name)} ${c.spelled ?? printType(c.type)}`).join(', ')})`
}

function body(f: Callable): string {
  if (f.language === 'plpgsql') {
    const tag = dollarTag(f.query)
    const path = [...f.searchPath, 'pg_temp'].filter((s, i, all) => all.indexOf(s) === i).map(quoteIdentifier)
    return [
      `SET search_path = ${path.join(', ')}`,
      `AS ${tag}`,
      '#variable_conflict use_column',
      'BEGIN',
      `RETURN QUERY\n${f.query};`,
      'END',
      `${tag};`,
    ].join('\n')
  }
  if (f.columns !== undefined) return `BEGIN ATOMIC\n${f.query};\nEND;`
  return `RETURN (\nSELECT p.${quoteIdentifier(f.returns?.name ?? '')} FROM (\n${f.query}\n) AS p);`
}

/** A quote that the text does not hold. */
export function dollarTag(text: string): string {
  let tag = '$viewcast$'
  for (let n = 2; text.includes(tag); n++) tag = `$viewcast_${n}$`
  return tag
}
