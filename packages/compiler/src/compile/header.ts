/** The comment on top of a generated query: what it is, what it reads, what its columns mean. */
import { sqlComment } from '../emit/statement.ts'

/** Lines of `label  text`, labels padded to one width. */
export function header(title: string, lines: readonly (readonly [label: string, text: string])[]): string {
  const width = Math.max(...lines.map(([label]) => label.length))
  const body = lines.map(([label, text]) => `${label.padEnd(width)}  ${text.replaceAll('\n', ' ')}`)
  return sqlComment([title, '', ...body].join('\n'))
}
