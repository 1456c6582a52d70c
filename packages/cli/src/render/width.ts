/** Columns a text takes on a terminal: wide East Asian characters and emoji take two, combining marks none. */
export function width(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let n = 0
  for (const character of text) n += characterWidth(character)
  return n
}

const zero = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])$/u

const characterWidth = (character: string): number => (zero.test(character) ? 0 : wide.test(character) ? 2 : 1)

/** Cuts to `limit` columns, the last of which is an ellipsis when something was cut. */
export function truncate(text: string, limit: number): string {
  if (width(text) <= limit) return text
  let out = ''
  let n = 0
  for (const character of text) {
    const w = characterWidth(character)
    if (n + w > limit - 1) break
    out += character
    n += w
  }
  return `${out}…`
}

export const padEnd = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - width(text)))
