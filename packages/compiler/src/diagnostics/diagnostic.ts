import { type Code, codes } from './codes.ts'

/** Where a diagnostic points: a file, or the text of a view that has no file. Lines and columns count from 1. */
export interface Location {
  /** File path, or a description such as `view "profile" (kysely)`. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** The text the location points into, for the excerpt. */
  readonly text?: string
  /** Length of the underlined part, in characters; 1 when unknown. */
  readonly length?: number
}

/** One problem, as data: rendering it is the caller's business. */
export interface Diagnostic {
  readonly code: Code
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
  readonly location?: Location
  readonly parameters: Readonly<Record<string, string>>
}

/** Makes a diagnostic from its code; the sentence and the hint come from the registry. */
export function diagnostic(
  code: Code,
  parameters: Readonly<Record<string, string>> = {},
  location?: Location,
): Diagnostic {
  const entry = codes[code]
  const hint = entry.hint(parameters)
  return {
    code,
    severity: entry.severity,
    message: entry.message(parameters),
    ...(hint === undefined ? {} : { hint }),
    ...(location === undefined ? {} : { location }),
    parameters,
  }
}

/**
 * Everything a user can cause is thrown as this one class, carrying all diagnostics found, not the first only.
 *
 * Test with {@link isViewcastError}, not `instanceof`: two copies of the package may be installed.
 */
export class ViewcastError extends Error {
  override readonly name = 'ViewcastError'
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[], options?: { cause?: unknown }) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'), options)
    this.diagnostics = diagnostics
  }
}

/** A broken invariant of ours; never the user's doing. */
export class InternalError extends Error {
  override readonly name = 'InternalError'
  constructor(what: string) {
    super(`${what}. This is a bug in viewcast; please report it with the command that led here.`)
  }
}

export const isViewcastError = (e: unknown): e is ViewcastError =>
  e instanceof Error && e.name === 'ViewcastError' && 'diagnostics' in e

/** Throws one diagnostic. */
export function fail(code: Code, parameters: Readonly<Record<string, string>> = {}, location?: Location): never {
  throw new ViewcastError([diagnostic(code, parameters, location)])
}

/** Throws when any diagnostic is an error; returns the warnings otherwise. */
export function throwIfErrors(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.some((d) => d.severity === 'error')) throw new ViewcastError(diagnostics)
  return diagnostics
}
