/** What a server says of a failed statement, without the row values it may quote. */
import type { DatabaseError } from './database-error.ts'

/** Data exceptions quote the value; what a function raises is text that its author made of anything. */
export function serverWords({ sqlState, message, context }: DatabaseError): string {
  const state = `(SQLSTATE ${sqlState})`
  if (/^(P0|38|39)/.test(sqlState)) return `${raiser(context)} raised an exception ${state}`
  return `${sqlState.startsWith('22') ? withoutValues(message) : message} ${state}`
}

/** `PL/pgSQL function checked(integer) line 3 at RAISE`: the first line of the context, which holds names only. */
function raiser(context: string | undefined): string {
  const [, name] = /^(PL\/\w+ function [^\n]*?\)) line \d+/.exec(context ?? '') ?? []
  return name ?? 'a function'
}

/**
 * From the first quotation mark to the last, for a value may hold marks itself; then bare numbers and bytes. Servers
 * quote in the style of their language.
 */
function withoutValues(message: string): string {
  const mark = '["«»„“”「」]'
  return message
    .replace(new RegExp(`\\s*:?\\s*${mark}.*${mark}`, 's'), (all) => (all.trimStart().startsWith(':') ? '' : ' …'))
    .replace(/:\s*(0x\S+\s*)+$/i, '')
    .replace(/(?<=[\s:])[-+]?\d[\d.:-]*/g, '…')
    .trimStart()
}
