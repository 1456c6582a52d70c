/** Lines only one of two texts has, in order, counting repetitions; enough to say what changed in sorted text. */
export function diffLines(before: string, after: string): { readonly added: string[]; readonly removed: string[] } {
  return { added: without(lines(after), lines(before)), removed: without(lines(before), lines(after)) }
}

const lines = (text: string): string[] => text.split('\n').filter((l) => l.trim() !== '')

function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1)
  return list.filter((line) => {
    const n = left.get(line) ?? 0
    left.set(line, n - 1)
    return n <= 0
  })
}
