/** `--entity customer=customer_id` and `--entity route=origin:text,dest:text`. */
import type { NamedEntity } from '@viewcast/sdk'
import { UsageError } from './usage.ts'

/** Errors: `UsageError` when the value is not a name, `=` and columns. */
export function parseEntity(value: string): NamedEntity {
  const at = value.indexOf('=')
  const name = value.slice(0, Math.max(0, at)).trim()
  const columns = value
    .slice(at + 1)
    .split(',')
    .map((c) => c.trim())
  const [first = ''] = columns
  if (at < 0 || name === '' || first === '' || columns.some((c) => c === '' || c.startsWith(':') || c.endsWith(':'))) {
    throw new UsageError(`--entity takes name=column, not "${value}"`, {
      hint: 'Several columns are separated by commas, types follow a colon: --entity route=origin:text,dest:text',
    })
  }
  return { name, keys: columns.map(keyOf) }
}

function keyOf(column: string): NamedEntity['keys'][number] {
  const colon = column.lastIndexOf(':')
  return colon < 0 ? { name: column } : { name: column.slice(0, colon), type: column.slice(colon + 1) }
}
