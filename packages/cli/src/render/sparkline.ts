const blocks = [...'▁▂▃▄▅▆▇█']

/** Numbers as a line of blocks, the least as the lowest; a dot where a value is no finite number. */
export function sparkline(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite)
  const low = Math.min(...finite)
  const range = Math.max(...finite) - low
  return values
    .map((v) => {
      if (!Number.isFinite(v)) return '·'
      // A range beyond the numbers, or none.
      const share = range > 0 && Number.isFinite(range) ? (v - low) / range : 0.5
      return blocks[Math.min(blocks.length - 1, Math.floor(share * blocks.length))]
    })
    .join('')
}
