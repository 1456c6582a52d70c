/** What the demo prints: results to stdout, progress to stderr. */
import type { LineageNode, ModelRecord } from '@viewcast/sdk'

export interface Screen {
  readonly print: (text: string) => void
  /** A step that takes time; `done` of `total` while it runs. */
  readonly step: (name: string) => { update(done: number, total?: number): void; end(note?: string): void }
}

export function screen(out: NodeJS.WritableStream, err: NodeJS.WritableStream & { isTTY?: boolean }): Screen {
  return {
    print: (text) => out.write(`${text}\n`),
    step(name) {
      const started = performance.now()
      let shown = 0
      return {
        update(done, total) {
          const now = performance.now()
          if (!err.isTTY || now - shown < 100) return
          shown = now
          const share = total ? ` ${Math.floor((100 * done) / total)} %` : ''
          err.write(`\r\x1b[2K… ${name}  ${done.toLocaleString('en-US')}${share}`)
        },
        end(note) {
          const seconds = ((performance.now() - started) / 1000).toFixed(1)
          err.write(`${err.isTTY ? '\r\x1b[2K' : ''}✓ ${name}${note ? `  ${note}` : ''}  ${seconds} s\n`)
        },
      }
    },
  }
}

export const heading = (text: string): string => `\n── ${text} ${'─'.repeat(Math.max(0, 90 - text.length))}\n`

/** The first lines of a long text, and where the rest is. */
export function excerpt(text: string, lines: number, path: string): string {
  const all = text.split('\n')
  if (all.length <= lines) return text
  return `${all.slice(0, lines).join('\n')}\n… ${all.length - lines} more lines in ${path}`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells.map((c, i) => (i === 0 ? c.padEnd(widths[i] ?? 0) : c.padStart(widths[i] ?? 0))).join('  ')
  return [line(head), widths.map((w) => '─'.repeat(w)).join('  '), ...rows.map(line)].join('\n')
}

const metrics = [
  ['AUC', 'auc', 'higher is better'],
  ['log loss', 'logLoss', 'lower'],
  ['Brier score', 'brier', 'lower'],
  ['accuracy', 'accuracy', 'higher'],
] as const

/** Held-out metrics of the base rate, the model without history and the model. */
export function metricsTable(plain: ModelRecord, full: ModelRecord): string {
  const show = (v: number | null | undefined) => (v == null ? '–' : v.toFixed(4))
  return table(
    ['held out', 'base rate', 'without history', 'with history', ''],
    metrics.map(([label, key, better]) => [
      label,
      show(full.metrics.baseline[key]),
      show(plain.metrics.test[key]),
      show(full.metrics.test[key]),
      better,
    ]),
  )
}

export function tree(node: LineageNode, indent = ''): string {
  const lines = node.children.flatMap((child, i) => {
    const last = i === node.children.length - 1
    const via = child.via === undefined ? '' : `  (${child.via})`
    const [first = '', ...rest] = tree(child, '').split('\n')
    return [`${indent}${last ? '└─' : '├─'} ${first}${via}`, ...rest.map((r) => `${indent}${last ? '   ' : '│  '}${r}`)]
  })
  return [`${indent}${node.name}`, ...lines].join('\n')
}
