import type { Diagnostic } from '@viewcast/compiler'

/** The same problem, met in each of several deployments of one model, is one problem. */
export function toldOnce(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((d) => [JSON.stringify(d), d])).values()]
}
