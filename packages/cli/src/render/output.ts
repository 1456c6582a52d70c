/** What a command writes with: data to stdout, everything else to stderr. */
import type { Diagnostic } from '@viewcast/sdk'
import type { Io } from '../io.ts'
import { printJson } from './json.ts'
import { type Colors, colorsFor } from './palette.ts'
import { createProgress, type Progress } from './progress.ts'

export interface OutputOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly noColor: boolean
}

export interface Output {
  readonly json: boolean
  /** Colours of stdout. */
  readonly colors: Colors
  /** Width tables must fit into; undefined when stdout is no terminal. */
  readonly width: number | undefined
  readonly progress: Progress
  /** Data, as it is. `false` once the reader has gone. */
  write(text: string): Promise<boolean>
  /** The command's one result: as JSON with `--json`, as text otherwise. */
  result(value: unknown, text: (colors: Colors) => string): Promise<void>
  /** A remark for a person on stderr; silent with `--quiet` and `--json`. */
  note(text: string): Promise<void>
  /** Warnings on stderr; with `--json` the command puts them into its object instead. */
  warn(diagnostics: readonly Diagnostic[]): Promise<void>
}

export function createOutput(io: Io, options: OutputOptions): Output {
  const colors = colorsFor(io, 'stdout', options.noColor)
  const errorColors = colorsFor(io, 'stderr', options.noColor)
  const mode = options.quiet ? 'none' : options.json ? 'json' : io.isTTY.stderr ? 'bar' : 'lines'
  return {
    json: options.json,
    colors,
    width: io.isTTY.stdout ? io.columns : undefined,
    progress: createProgress(io, mode, errorColors),
    write: (text) => io.stdout.write(text),
    async result(value, text) {
      await io.stdout.write(options.json ? printJson(value, io.isTTY.stdout) : text(colors))
    },
    async note(text) {
      if (!options.quiet && !options.json) await io.stderr.write(`${text}\n`)
    },
    async warn(diagnostics) {
      if (options.json || diagnostics.length === 0) return
      const { renderDiagnostics } = await import('@viewcast/sdk')
      await io.stderr.write(`${renderDiagnostics(diagnostics, errorColors)}\n`)
    },
  }
}
