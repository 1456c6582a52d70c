/** Which fold a row is in: by the hash of its entity's key, so that an entity is never on both sides. */
import { fail } from '@viewcast/compiler'
import type { Block, Design } from './fit.ts'

/** The fold of row `r` of a block that comes after `before` rows; by the number of the row where it has no key. */
export const foldOf = ({ key }: Block, r: number, before: number, folds: number): number =>
  (key === undefined ? mixed(before + r) : (key[r] as number)) % folds

/** Neighbouring numbers land far apart; a bijection of 32 bits (the finaliser of MurmurHash3). */
function mixed(n: number): number {
  let h = n >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Errors: `train/folds`, when a fold is empty: there are fewer entities than folds, or nearly so. */
export function refuseFolds(rows: readonly number[]): void {
  const empty = rows.indexOf(0)
  if (empty < 0) return
  fail('train/folds', { fold: String(empty + 1), folds: String(rows.length), detail: 'has no rows' })
}

/** Bytes of rows that the designs of all folds keep, as they are read again and again. */
const keptBytes = 256 * 1024 * 1024

/** The rows of a design that are in a fold, or that are not; kept where they are few, else read from it with every pass. */
export function foldDesign(design: Design, folds: number, fold: number, side: 'in' | 'out'): Design {
  const width = design.columns.length
  const isKept = design.rows * (width + 4) * 8 * folds <= keptBytes
  let kept: Block[] | undefined
  let rows = 0
  const chosen = (block: Block, before: number): number[] => {
    const own: number[] = []
    for (let r = 0; r < block.rows; r++) if ((foldOf(block, r, before, folds) === fold) === (side === 'in')) own.push(r)
    return own
  }
  let counted = 0
  for (const block of design.blocks()) {
    rows += chosen(block, counted).length
    counted += block.rows
  }
  return {
    columns: design.columns,
    rows,
    *blocks() {
      if (kept !== undefined) {
        yield* kept
        return
      }
      const made: Block[] = []
      let before = 0
      for (const block of design.blocks()) {
        const own = chosen(block, before)
        before += block.rows
        if (own.length === 0) continue
        const part = selected(block, own, width)
        if (isKept) made.push(part)
        yield part
      }
      if (isKept) kept = made
    },
  }
}

function selected(block: Block, own: readonly number[], width: number): Block {
  const pick = (from: Float64Array): Float64Array => Float64Array.from(own, (r) => from[r] as number)
  const x = new Float64Array(own.length * width)
  own.forEach((r, i) => {
    x.set(block.x.subarray(r * width, (r + 1) * width), i * width)
  })
  return {
    rows: own.length,
    x,
    y: pick(block.y),
    ...(block.weight === undefined ? {} : { weight: pick(block.weight) }),
    ...(block.offset === undefined ? {} : { offset: pick(block.offset) }),
    ...(block.key === undefined ? {} : { key: pick(block.key) }),
  }
}
