/** Names of output columns that are made of classes and features, whatever these are called. */

/** NAMEDATALEN − 1: the server cuts what is longer, and two names may become one. */
const maxBytes = 63
const encoder = new TextEncoder()

/**
 * `prefix_part` for each part: cut to 63 bytes at a character, and numbered (`_2`, `_3`) where two would be one.
 *
 * @example namesOf('probability', ['setosa', 'a:b']) // ['probability_setosa', 'probability_a:b']
 */
export function namesOf(prefix: string, parts: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return parts.map((part) => {
    const wanted = `${prefix}_${part}`
    let name = within(wanted, maxBytes)
    for (let n = 2; taken.has(name); n++) name = `${within(wanted, maxBytes - String(n).length - 1)}_${n}`
    taken.add(name)
    return name
  })
}

function within(name: string, bytes: number): string {
  if (encoder.encode(name).length <= bytes) return name
  const symbols = [...name]
  while (encoder.encode(symbols.join('')).length > bytes) symbols.pop()
  return symbols.join('')
}
