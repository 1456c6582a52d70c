/** How a version is named: `delay15`, `delay15@3`, `delay15@production`. */
import { fail } from '@viewcast/compiler'

/** A version number, a name that points at one, or neither: the newest. */
export type ModelSelector = number | string | undefined

export interface ModelReference {
  readonly model: string
  readonly selector?: number | string
}

/**
 * Reads `model`, `model@3`, `model@production`, `model@latest`; what stands after the last `@` is the selector.
 *
 * Errors: `model/selector`.
 *
 * @example
 * ```ts
 * modelReference('delay15@production') // { model: 'delay15', selector: 'production' }
 * modelReference('delay15@3')          // { model: 'delay15', selector: 3 }
 * modelReference('delay15@latest')     // { model: 'delay15' }
 * ```
 */
export function modelReference(text: string): ModelReference {
  const at = text.lastIndexOf('@')
  if (at < 1) return { model: text }
  const selector = selected(text.slice(at + 1), text)
  return { model: text.slice(0, at), ...(selector === undefined ? {} : { selector }) }
}

/** A selector of text as what it selects: a number, an alias, or undefined for `latest`. Errors: `model/selector`. */
export function selected(selector: ModelSelector, text = String(selector)): ModelSelector {
  if (selector === undefined) return undefined
  if (typeof selector === 'string' && selector.toLowerCase() === 'latest') return undefined
  if (typeof selector === 'string' && isAliasName(selector)) return selector
  const version = typeof selector === 'number' ? selector : /^\d+$/.test(selector) ? Number(selector) : 0
  // Versions are integers of 32 bits in the store.
  if (Number.isInteger(version) && version >= 1 && version <= 2_147_483_647) return version
  return fail('model/selector', { text, selector: String(selector) })
}

/** No number, nothing that reads like one, and not the word for the newest; as the store has it. */
export const isAliasName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/.test(name) && !/^(v\d+|latest)$/i.test(name)
