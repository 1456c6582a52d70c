/**
 * Readable text: sql-formatter, checked. Formatting must leave the syntax tree unchanged; where it would not, or where the
 * text is over 100 kB (the formatter takes seconds), the text stays as it was printed.
 */
import { format } from 'sql-formatter'
import { sameSyntax } from '../front/sql/same-syntax.ts'

const longest = 100_000

export function layout(sql: string): string {
  if (sql.length > longest) return sql
  const formatted = format(sql, {
    language: 'postgresql',
    keywordCase: 'upper',
    linesBetweenQueries: 1,
    expressionWidth: 100,
    tabWidth: 2,
  })
  return sameSyntax(sql, formatted) ? formatted : sql
}
