/** The comment on top of a generated query: what it is, what it reads, what its columns mean. */
import { sqlComment } from '../emit/statement.ts'

/** Lines of `label  text`, labels padded to one width. */
export function header(title: string, lines: readonly (readonly [label: string, text: string])[]): string {
  const width = Math.max(...lines.map(([label]) => label.length))
  const body = lines.flatMap(([label, text]) =>
    wrapped(text, lineWidth - width).map((part, i) => `${(i === 0 ? label : '').padEnd(width)}  ${part}`),
  )
  return sqlComment([title, '', ...body].join('\n'))
}

const lineWidth = 100

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
