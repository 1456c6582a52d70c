/**
 * Perfect and quasi-perfect separation: a direction along which every row moves to its own side, or stays.
 *
 * An outcome has a side to move to for ever; so has a count of 0 where the mean is an exponential, while any other count
 * has to stay.
 *
 * The likelihood then has no maximum; Newton steps of equal length lead along that direction for ever. A step that is
 * such a direction proves it. Source: Albert and Anderson, On the existence of maximum likelihood estimates in logistic
 * regression models, Biometrika 71 (1984).
 */
import type { Design } from './fit.ts'
import { createWorkspace } from './kernels.ts'
import { eachBlock } from './passes.ts'

/** A row may move to the wrong side by this part of the largest move: what rounding and unfinished steps leave. */
const tolerance = 1e-5

/** To which side a row's linear predictor may move without end: 1, −1, or 0 for neither. */
export type SideOf = (y: number) => number

const sideOfOutcome: SideOf = (y) => (y === 1 ? 1 : -1)

export async function isSeparating(
  design: Design,
  shift: Float64Array,
  direction: Float64Array,
  signal: AbortSignal | undefined,
  sideOf: SideOf = sideOfOutcome,
): Promise<boolean> {
  const workspace = createWorkspace(design.columns.length, shift)
  workspace.theta.set(direction)
  let wrong = 0
  let furthest = 0
  await eachBlock(design, signal, (block) => {
    for (let from = 0; from < block.rows; from += workspace.capacity) {
      const rows = Math.min(workspace.capacity, block.rows - from)
      workspace.load(block.x, from, rows)
      workspace.predict()
      for (let r = 0; r < rows; r++) {
        const side = sideOf(block.y[from + r] as number)
        const move = workspace.predictor[r] as number
        wrong = Math.min(wrong, side === 0 ? -Math.abs(move) : side * move)
        furthest = Math.max(furthest, Math.abs(move))
      }
    }
  })
  return furthest > 0 && -wrong <= tolerance * furthest
}

/** Columns that carry the direction, the strongest first: those that move some row by a tenth of the strongest. */
export async function separatingColumns(
  design: Design,
  shift: Float64Array,
  direction: Float64Array,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const width = design.columns.length
  const reach = new Float64Array(width)
  await eachBlock(design, signal, ({ rows, x }) => {
    for (let i = 0; i < rows * width; ) {
      for (let j = 0; j < width; j++, i++) {
        const move = Math.abs(((x[i] as number) - (shift[j] as number)) * (direction[j + 1] as number))
        if (move > (reach[j] as number)) reach[j] = move
      }
    }
  })
  const most = Math.max(...reach)
  return design.columns
    .map((name, j) => ({ name, reach: reach[j] as number }))
    .filter((c) => c.reach > 0 && c.reach >= most / 10)
    .sort((a, b) => b.reach - a.reach)
    .map((c) => c.name)
}
