/**
 * Codes of values by their bytes, in order of appearance. A hash table over a pool of bytes: a JavaScript string for each
 * value of each row would cost more than all else in reading a column of texts.
 */
export interface LevelCodes {
  /** The code of `length` bytes at `at`. */
  codeOf(bytes: Buffer, at: number, length: number): number
  /** By code. */
  readonly levels: readonly string[]
}

/** @param text what a value's bytes mean */
export function levelCodes(text: (bytes: Buffer, at: number, length: number) => string): LevelCodes {
  const levels: string[] = []
  /** Code + 1; 0 where free. The length is a power of two. */
  let slots = new Int32Array(64)
  let hashes = new Int32Array(32)
  /** Where each value begins in the pool; one more than there are values. */
  let starts = new Int32Array(33)
  let pool = Buffer.allocUnsafe(512)

  const isSame = (code: number, bytes: Buffer, at: number, length: number): boolean => {
    const start = starts[code] as number
    if ((starts[code + 1] as number) - start !== length) return false
    for (let i = 0; i < length; i++) if (pool[start + i] !== bytes[at + i]) return false
    return true
  }
  const place = (hash: number): number => {
    const mask = slots.length - 1
    let slot = hash & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    return slot
  }
  const grow = (): void => {
    hashes = extended(hashes, hashes.length * 2)
    starts = extended(starts, hashes.length + 1)
    slots = new Int32Array(slots.length * 2)
    for (let code = 0; code < levels.length; code++) slots[place(hashes[code] as number)] = code + 1
  }
  return {
    levels,
    codeOf(bytes, at, length) {
      const hash = hashOf(bytes, at, length)
      const mask = slots.length - 1
      for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const known = (slots[slot] as number) - 1
        if (hashes[known] === hash && isSame(known, bytes, at, length)) return known
      }
      const code = levels.length
      if (code === hashes.length) grow()
      const start = starts[code] as number
      if (start + length > pool.length) {
        const larger = Buffer.allocUnsafe(2 * (start + length))
        pool.copy(larger, 0, 0, start)
        pool = larger
      }
      bytes.copy(pool, start, at, at + length)
      starts[code + 1] = start + length
      hashes[code] = hash
      slots[place(hash)] = code + 1
      levels.push(text(bytes, at, length))
      return code
    },
  }
}

const extended = (from: Int32Array, length: number): Int32Array<ArrayBuffer> => {
  const to = new Int32Array(length)
  to.set(from)
  return to
}

/** FNV-1a with a last mixing, because the low bits choose the slot. */
function hashOf(bytes: Buffer, at: number, length: number): number {
  let h = 0x811c9dc5
  for (let i = at; i < at + length; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193)
  return (h ^ (h >>> 15)) | 0
}
