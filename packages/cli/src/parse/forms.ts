import type { CompileOptions } from '@viewcast/sdk'
import { z } from 'zod'
import { UsageError } from './usage.ts'

export const formOption = z.array(z.string()).optional().meta({
  value: 'view=form',
  description: 'Compute a view in this form: lateral, distinct, merge, fill; join, running',
})

/** Reads `--form plan=lateral`. Errors: `UsageError`; which forms a view has is the compiler's to say. */
export function readForms(given: readonly string[] | undefined): CompileOptions['forms'] {
  if (given === undefined) return undefined
  const forms: Record<string, string> = {}
  for (const text of given) {
    const [, view, form] = /^(.+)=([a-z]+)$/.exec(text) ?? []
    if (view === undefined || form === undefined) throw new UsageError(`--form "${text}" is not written as view=form`)
    if (view in forms) throw new UsageError(`--form gives "${view}" twice`)
    forms[view] = form
  }
  return forms as NonNullable<CompileOptions['forms']>
}
