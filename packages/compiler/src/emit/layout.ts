/**
 * Readable text: sql-formatter, checked. Formatting must leave the syntax tree unchanged; where it would not, or where the
 * text is over 100 kB (the formatter takes seconds), the text stays as it was printed.
 */
import { format } from 'sql-formatter'
import { sameSyntax } from '../front/sql/same-syntax.ts'

const longest = 100_000

export function layout(sql: string, wanted = true): string {
  if (!wanted || sql.length > longest) return sql
  const formatted = format(sql, {
    language: 'postgresql',
    keywordCase: 'preserve',
    linesBetweenQueries: 1,
    expressionWidth: 100,
    tabWidth: 2,
  })
  for (const text of [onOneLine(formatted), formatted]) if (sameSyntax(sql, text)) return text
  return sql
}

/** The formatter spreads short clauses over four lines; people write them on one. Literals are safe: the tree is compared. */
const onOneLine = (text: string): string =>
  text
    .replace(/FILTER \(\s+WHERE\s+([^()]*?)\s+\)/gi, (all, inner: string) => {
      const line = `FILTER (WHERE ${inner.replace(/\s+/g, ' ')})`
      return line.length > 90 ? all : line
    })
    .replace(/\bDISTINCT\s+ON\s*\(/g, 'DISTINCT ON (')
    .replace(/\bOFFSET\s+(\d+)/g, 'OFFSET $1')
    .replace(/\bLIMIT\s+(\d+)/g, 'LIMIT $1')
    .replace(/\bextract\(\s+(\w+)\s+FROM\s+([^()]*?)\s+\)/gi, (all, field: string, from: string) =>
      all.includes('--') ? all : `extract(${field} FROM ${from.replace(/\s+/g, ' ')})`,
    )
