/** Progress on stderr: a bar that is redrawn on a terminal, one line per step otherwise, JSON lines with `--json`. */
import type { Io } from '../io.ts'
import type { Colors } from './palette.ts'
import { grouped } from './table.ts'
import { truncate, width } from './width.ts'

export interface Progress {
  /** Begins a step; `total` is its number of units when known. A step still running is ended. */
  step(name: string, total?: number): void
  /** Reports units done in the current step, and in words what is done now. */
  at(done: number, total?: number, now?: string): void
  /** Ends the current step, with a remark such as "12,345 rows". */
  done(remark?: string): void
  /** Leaves the current step without a line, and removes its bar: its result, or its error, is printed instead. */
  clear(): void
}

export type ProgressMode = 'bar' | 'lines' | 'json' | 'none'

const redrawMs = 80
const barWidth = 24

interface Step {
  readonly name: string
  readonly started: number
  total: number | undefined
  drawn: number
}

export function createProgress(io: Io, mode: ProgressMode, colors: Colors, now: () => number = Date.now): Progress {
  let step: Step | undefined
  let visible = false
  const write = (text: string): void => void io.stderr.write(text).catch(() => {})
  const event = (body: Record<string, unknown>): void => write(`${JSON.stringify(body)}\n`)

  const erase = (): void => {
    if (visible) write('\r\u001b[K')
    visible = false
  }
  const at = (done: number, total = step?.total, doing = ''): void => {
    if (step === undefined || now() - step.drawn < redrawMs) return
    step.total = total
    step.drawn = now()
    if (mode === 'json')
      event({
        ...{ event: 'progress', step: step.name, done },
        ...(total === undefined ? {} : { total }),
        ...(doing === '' ? {} : { doing }),
      })
    if (mode !== 'bar') return
    const elapsed = (now() - step.started) / 1000
    write(
      `\r\u001b[K${barLine(doing === '' ? step.name : `${step.name} ${doing}`, done, total, elapsed, io.columns, colors)}`,
    )
    visible = true
  }
  const done = (remark?: string): void => {
    if (step === undefined) return
    erase()
    const { name, started } = step
    const seconds = (now() - started) / 1000
    step = undefined
    if (mode === 'json')
      event({ event: 'done', step: name, seconds: Number(seconds.toFixed(3)), ...(remark ? { remark } : {}) })
    else if (mode !== 'none')
      write(`${colors.good('ok')}  ${name}${remark ? `  ${remark}` : ''}  ${colors.dim(`${seconds.toFixed(2)} s`)}\n`)
  }
  return {
    step(name, total) {
      done()
      step = { name, started: now(), total, drawn: 0 }
      if (mode === 'json') event({ event: 'step', step: name, ...(total === undefined ? {} : { total }) })
      if (mode === 'bar') at(0, total)
    },
    at,
    done,
    clear() {
      erase()
      step = undefined
    },
  }
}

/** One line that never wraps: a wrapped bar cannot be erased. */
function barLine(
  name: string,
  done: number,
  total: number | undefined,
  elapsed: number,
  columns: number,
  colors: Colors,
): string {
  const words = [name, amount(done, total), timeLeft(done, total, elapsed)].filter((w) => w !== '').join('  ')
  const room = columns - width(words) - 3
  if (total === undefined || total <= 0 || room < 8) return truncate(words, Math.max(10, columns - 1))
  const cells = Math.min(barWidth, room)
  const full = Math.round(Math.min(1, done / total) * cells)
  return `${colors.good('━'.repeat(full))}${colors.dim('━'.repeat(cells - full))}  ${words}`
}

const amount = (done: number, total: number | undefined): string =>
  total === undefined || total <= 0 ? (done > 0 ? grouped(done) : '') : `${grouped(done)} / ${grouped(total)}`

/** Time left at the pace so far; silent until the pace says something. */
export function timeLeft(done: number, total: number | undefined, elapsed: number): string {
  if (total === undefined || done <= 0 || done >= total || elapsed < 0.5) return ''
  const left = (elapsed / done) * (total - done)
  return `${left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left`
}
