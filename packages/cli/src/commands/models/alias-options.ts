import { z } from 'zod'
import { UsageError } from '../../parse/usage.ts'

export const reasonOption = z.string().optional().meta({ value: 'text', description: 'Why, for the history' })

export const expectOption = z.string().optional().meta({
  value: 'n',
  description: 'Only if the alias points at this version now, or "none": only if it is not there',
})

/** Reads `--expect`. Errors: `UsageError`. */
export function readExpected(given: string | undefined): { readonly expected?: number | null } {
  if (given === undefined) return {}
  if (given === 'none') return { expected: null }
  if (/^[1-9]\d*$/.test(given)) return { expected: Number(given) }
  throw new UsageError(`--expect takes a version number or "none", not "${given}"`)
}
