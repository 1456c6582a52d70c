/** Column names in a sentence: at most five of them. */
export function columnList(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((n) => `"${n}"`)
  const rest = names.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}
