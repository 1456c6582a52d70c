import type { Io } from '../io.ts'

type Paint = (text: string) => string

/** Colours of the command line; a superset of what diagnostics need. */
export interface Colors {
  readonly error: Paint
  readonly warning: Paint
  readonly good: Paint
  readonly dim: Paint
  readonly bold: Paint
}

const sgr =
  (open: number, close: number): Paint =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`
const same: Paint = (text) => text

export const colored: Colors = {
  error: sgr(31, 39),
  warning: sgr(33, 39),
  good: sgr(32, 39),
  dim: sgr(2, 22),
  bold: sgr(1, 22),
}
export const plainColors: Colors = { error: same, warning: same, good: same, dim: same, bold: same }

/** `--no-color`, then FORCE_COLOR, then NO_COLOR (any non-empty value), then whether the stream is a terminal. */
export function colorsFor(io: Io, stream: 'stdout' | 'stderr', noColor: boolean): Colors {
  const force = io.env['FORCE_COLOR']
  if (noColor) return plainColors
  if (force !== undefined && force !== '') return force === '0' || force === 'false' ? plainColors : colored
  if (io.env['NO_COLOR'] || io.env['TERM'] === 'dumb') return plainColors
  return io.isTTY[stream] ? colored : plainColors
}
