/** HTML as text: everything that comes from a project is escaped. */
import type { Estimate } from './estimate.ts'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => entities[c] ?? c)

/** Five digits; whole numbers as they are. */
export function figure(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  return String(Number(value.toPrecision(digits)))
}

export const range = ({ interval }: Estimate): string =>
  interval === undefined ? '' : `${figure(interval[0])} to ${figure(interval[1])}`

/** `rows` of cells; the class of a column may be given. Cells are escaped. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  classes: readonly string[] = [],
): string {
  const cell = (text: string, i: number): string =>
    `<td${classes[i] ? ` class="${classes[i]}"` : ''}>${escaped(text)}</td>`
  const body = rows.map((r) => `<tr>${r.map(cell).join('')}</tr>`).join('\n')
  const titles = head.map((h) => `<th scope="col">${escaped(h)}</th>`).join('')
  return `<div class="scroll"><table><thead><tr>${titles}</tr></thead><tbody>\n${body}\n</tbody></table></div>`
}

/** What the colours of a chart stand for: names with custom properties. */
export const legend = (entries: readonly (readonly [name: string, color: string])[]): string =>
  `<div class="legend">${entries
    .map(([name, color]) => `<span><i style="background:var(--${color})"></i>${escaped(name)}</span>`)
    .join('')}</div>`

/** `svg` is ours; the caption is escaped. */
export const chart = (svg: string, caption: string, isWide = false): string =>
  `<figure${isWide ? ' class="wide"' : ''}>${svg}<figcaption>${escaped(caption)}</figcaption></figure>`

export const charts = (figures: readonly string[]): string => `<div class="charts">${figures.join('\n')}</div>`

export interface Section {
  readonly id: string
  readonly title: string
  readonly html: string
}

export const section = ({ id, title, html }: Section): string =>
  `<section id="${id}"><h2>${escaped(title)}</h2>\n${html}\n</section>`
