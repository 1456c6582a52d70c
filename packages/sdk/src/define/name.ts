import { fail } from '@viewcast/compiler'

/** Room for what the compiler puts around a name within the 63 bytes of PostgreSQL. */
const maxBytes = 50
const encoder = new TextEncoder()

/** The name itself, when a definition may have it. Errors: `define/name`. */
export function checkedName<N extends string>(kind: string, name: N): N {
  const bytes = encoder.encode(name).length
  if (name.trim() === '') fail('define/name', { kind, name, detail: 'it is empty' })
  if (bytes > maxBytes)
    fail('define/name', { kind, name, detail: `it is ${bytes} bytes long; ${maxBytes} are allowed` })
  if (name === 'spine') fail('define/name', { kind, name, detail: 'it is the relation window views read' })
  return name
}
