/** Whether two sets of collected rows are the same, in whatever order they came. */
import type { Collected } from '../collect/collect.ts'

/**
 * A digest of the rows as training sees them: numbers by their bits, categories by their text. The same for the same rows
 * in another order, as a query without ORDER BY may give them.
 */
export function fingerprintOf({ store, inputs }: Collected): string {
  const textHashes = inputs.map(({ statistics }) =>
    statistics.kind === 'category' ? statistics.levels.map(({ level }) => hashOfText(level)) : undefined,
  )
  const words = new Uint32Array(2)
  const number = new Float64Array(words.buffer)
  let [first, second, rows] = [0, 0, 0]
  const { width } = store
  for (const { rows: count, values } of store.blocks()) {
    rows += count
    for (let r = 0, at = 0; r < count; r++, at += width) {
      let a = 0x9e3779b9
      let b = 0x85ebca6b
      for (let j = 0; j < width; j++) {
        const x = values[at + j] as number
        const hashes = textHashes[j]
        // One NaN for all, and one zero.
        number[0] = Number.isNaN(x) ? Number.NaN : hashes === undefined ? x + 0 : (hashes[x] as number)
        a = mixed(a ^ (words[0] as number), words[1] as number)
        b = mixed(b ^ (words[1] as number), a)
      }
      // A sum, as it does not depend on the order.
      first = (first + a) >>> 0
      second = (second + b) >>> 0
    }
  }
  return `${rows}-${first.toString(16).padStart(8, '0')}${second.toString(16).padStart(8, '0')}`
}

/** Source: the finaliser of MurmurHash3 (A. Appleby, public domain). */
function mixed(h: number, word: number): number {
  let x = Math.imul(h ^ word, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

function hashOfText(text: string): number {
  let [a, b] = [0x811c9dc5, 0x1000193]
  for (let i = 0; i < text.length; i++) {
    a = mixed(a, text.charCodeAt(i))
    b = mixed(b ^ a, i)
  }
  // A number with 53 bits of its own.
  return a * 2 ** 21 + (b >>> 11)
}
