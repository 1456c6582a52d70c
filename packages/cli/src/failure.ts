/** What went wrong, as text or JSON, and the exit code it means. */
import type { Diagnostic } from '@viewcast/sdk'
import type { Io } from './io.ts'
import { UsageError } from './parse/usage.ts'
import { printJson } from './render/json.ts'
import { colorsFor } from './render/palette.ts'

export const exit = { ok: 0, failed: 1, usage: 2, pending: 3, interrupted: 130 } as const

export interface FailureOptions {
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
  /** What was running, for the message of an interrupt: `viewcast train`. */
  readonly what: string
}

/** Reports an error on stderr (with `--json`: on stdout) and returns the exit code. */
export async function reportFailure(error: unknown, io: Io, options: FailureOptions): Promise<number> {
  const sdk = await import('@viewcast/sdk').catch((broken: unknown) => {
    error = broken
    return undefined
  })
  // An installation that lacks files cannot render anything, but the reason can be said.
  const diagnostics = sdk === undefined ? [] : diagnosticsOf(error, io, options.what, sdk)
  const code = exitCode(diagnostics)
  const message = diagnostics.length === 0 ? internalMessage(error) : undefined
  if (options.json) {
    const body = {
      error: { ...(message === undefined ? {} : { message }), diagnostics: diagnostics.map(diagnosticData) },
    }
    await io.stdout.write(printJson(body, io.isTTY.stdout))
  } else {
    const colors = colorsFor(io, 'stderr', options.noColor)
    const text =
      message === undefined && sdk ? sdk.renderDiagnostics(diagnostics, colors) : `${colors.error('error')}  ${message}`
    await io.stderr.write(`${text}\n`)
  }
  if (options.verbose && error instanceof Error) await io.stderr.write(`${stackOf(error)}\n`)
  return code
}

type Sdk = typeof import('@viewcast/sdk')

function diagnosticsOf(error: unknown, io: Io, what: string, sdk: Sdk): readonly Diagnostic[] {
  // Whatever a cut connection or an ended worker throws, the reason is the interrupt.
  if (io.signal.aborted) return [sdk.diagnostic('engine/interrupted', { what })]
  if (error instanceof UsageError) return [usageDiagnostic(error, sdk)]
  if (sdk.isViewcastError(error)) return error.diagnostics
  if (!sdk.isDatabaseError(error)) return []
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  return [sdk.diagnostic('engine/failed', { detail: sdk.serverWords(error), ...hint })]
}

function exitCode(diagnostics: readonly Diagnostic[]): number {
  const has = (code: Diagnostic['code']): boolean => diagnostics.some((d) => d.code === code)
  if (has('engine/interrupted')) return exit.interrupted
  return diagnostics.length === 0 || has('cli/usage') ? exit.usage : exit.failed
}

/** A diagnostic as `--json` shows it: without the source text, which may be long. */
export function diagnosticData(d: Diagnostic): Record<string, unknown> {
  const { location, ...rest } = d
  if (location === undefined) return rest
  const { text: _, ...place } = location
  return { ...rest, location: place }
}

function usageDiagnostic(error: UsageError, sdk: Sdk): Diagnostic {
  const near =
    error.misspelt && (sdk.nearest(error.misspelt.name, error.misspelt.candidates) ?? begunAlike(error.misspelt))
  const hint = near === undefined ? error.hint : `Did you mean "${near}"?`
  return sdk.diagnostic('cli/usage', { detail: error.message, ...(hint === undefined ? {} : { hint }) })
}

/** The only candidate that begins what was typed, or is begun by it: `--environment` is far from `--env` by letters. */
function begunAlike({ name, candidates }: NonNullable<UsageError['misspelt']>): string | undefined {
  const [found, ...more] = candidates.filter(
    (c) => Math.min(c.length, name.length) >= '--env'.length && (name.startsWith(c) || c.startsWith(name)),
  )
  return more.length === 0 ? found : undefined
}

function internalMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  // InternalError already asks for the report.
  if (error instanceof Error && error.name === 'InternalError') return message
  return `${message}. This is a bug in viewcast; please report it with the command that led here (--verbose shows the stack).`
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error)
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own
}
