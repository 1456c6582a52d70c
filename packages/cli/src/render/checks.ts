import type { Colors } from './palette.ts'
import { padEnd, width } from './width.ts'

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly hint?: string
}

/** A line per check and a tally at the end: `ok 4  failed 0`. */
export function renderChecks(checks: readonly Check[], colors: Colors): string {
  const w = Math.max(0, ...checks.map((c) => width(c.name)))
  const lines = checks.flatMap((c) => {
    const mark = c.ok ? colors.good('ok    ') : colors.error('failed')
    // A detail of several lines, such as diagnostics with excerpts, keeps its own layout below the name.
    const [first = '', ...more] = c.detail.split('\n')
    return [
      `${mark}  ${padEnd(c.name, w)}  ${first}`,
      ...more.map((line) => `        ${line}`),
      ...(c.hint === undefined ? [] : [`        ${colors.dim('hint')}  ${c.hint}`]),
    ]
  })
  const failed = checks.filter((c) => !c.ok).length
  const tally = `ok ${checks.length - failed}  failed ${failed}`
  return `${[...lines, failed > 0 ? colors.error(tally) : colors.good(tally)].join('\n')}\n`
}
