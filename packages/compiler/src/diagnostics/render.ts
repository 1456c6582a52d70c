import type { Diagnostic } from './diagnostic.ts'

/** Colours as functions, so that no colour library is needed here. */
export interface Palette {
  readonly error: (s: string) => string
  readonly warning: (s: string) => string
  readonly dim: (s: string) => string
  readonly bold: (s: string) => string
}
export const plain: Palette = { error: (s) => s, warning: (s) => s, dim: (s) => s, bold: (s) => s }

const limit = 20

/** Diagnostics as text for a person: code, sentence, place, excerpt with underline, hint. Capped at 20 with a count. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], palette: Palette = plain): string {
  const shown = diagnostics.slice(0, limit).map((d) => renderDiagnostic(d, palette))
  if (diagnostics.length > limit) shown.push(palette.dim(`… and ${diagnostics.length - limit} more`))
  return shown.join('\n\n')
}

export function renderDiagnostic(d: Diagnostic, palette: Palette = plain): string {
  const paint = d.severity === 'error' ? palette.error : palette.warning
  const lines = [`${paint(d.severity)}  ${palette.bold(d.code)}  ${d.message}`]
  if (d.location) {
    lines.push(`  ${d.location.file}:${d.location.line}:${d.location.column}`)
    lines.push(...excerpt(d.location.text, d.location.line, d.location.column, d.location.length ?? 1, paint))
  }
  if (d.hint) lines.push(`  ${palette.dim('hint')}  ${d.hint}`)
  return lines.join('\n')
}

function excerpt(
  text: string | undefined,
  line: number,
  column: number,
  length: number,
  paint: (s: string) => string,
): string[] {
  if (text === undefined) return []
  const all = text.split('\n')
  const out: string[] = []
  const width = String(line).length
  const current = all[line - 1] ?? ''
  const from = leftOut(current, column)
  for (let n = Math.max(1, line - 1); n <= line; n++) {
    const content = all[n - 1]
    if (content !== undefined) out.push(`    ${String(n).padStart(width)} | ${part(content, from)}`)
  }
  const marks = Math.max(1, Math.min(length, current.length - column + 1, from + longest - column + 1))
  // Tabs are kept so that the underline stays below its word.
  const indent = part(current, from)
    .slice(0, column - 1 - from)
    .replace(/[^\t]/g, ' ')
  out.push(`    ${' '.repeat(width)} | ${indent}${paint('^'.repeat(marks))}`)
  return out
}

/** What a query builder writes is one line, of any length. */
const longest = 100

/** Characters of the line left out before the place. */
const leftOut = (line: string, column: number): number =>
  line.length <= longest ? 0 : Math.max(0, Math.min(column - 1 - longest / 2, line.length - longest))

function part(line: string, from: number): string {
  const end = from + longest
  const shown = line.length > end ? `${line.slice(from, end - 1)}…` : line.slice(from)
  return from > 0 ? `…${shown.slice(1)}` : shown
}
