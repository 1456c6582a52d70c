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
  const most = reach.reduce((m, v) => Math.max(m, v), 0)
  return design.columns
    .map((name, j) => ({ name, reach: reach[j] as number }))
    .filter((c) => c.reach > 0 && c.reach >= most / 10)
    .sort((a, b) => b.reach - a.reach)
    .map((c) => c.name)
}

export interface SeparatedClasses {
  /** Places of the classes that some row moves away from without end. */
  readonly classes: readonly number[]
  readonly columns: readonly string[]
}

/**
 * The same for several classes: a direction along which no row's own score falls behind another one. `direction` has the
 * scores of the last classes, one after another; the classes before them have the score 0.
 */
export async function separatedClasses(
  design: Design,
  shift: Float64Array,
  direction: Float64Array,
  classes: number,
  signal: AbortSignal | undefined,
): Promise<SeparatedClasses | undefined> {
  const size = design.columns.length + 1
  const first = classes - direction.length / size
  const workspaces = Array.from({ length: direction.length / size }, (_, a) => {
    const workspace = createWorkspace(size - 1, shift)
    workspace.theta.set(direction.subarray(a * size, (a + 1) * size))
    return workspace
  })
  const capacity = workspaces[0]?.capacity ?? 1
  const gains = new Float64Array(classes)
  let wrong = 0
  await eachBlock(design, signal, (block) => {
    for (let from = 0; from < block.rows; from += capacity) {
      const rows = Math.min(capacity, block.rows - from)
      for (const workspace of workspaces) {
        workspace.load(block.x, from, rows)
        workspace.predict()
      }
      for (let r = 0; r < rows; r++) {
        const score = (c: number): number => (c < first ? 0 : (workspaces[c - first]?.predictor[r] as number))
        const place = block.y[from + r] as number
        const own = score(place)
        for (let c = 0; c < classes; c++) {
          if (c === place) continue
          const ahead = own - score(c)
          wrong = Math.min(wrong, ahead)
          gains[c] = Math.max(gains[c] as number, ahead)
        }
      }
    }
  })
  const furthest = Math.max(...gains)
  if (!(furthest > 0) || -wrong > tolerance * furthest) return undefined
  const names = new Map<string, number>()
  for (const workspace of workspaces) {
    const found = await separatingColumns(design, shift, workspace.theta, signal)
    for (const [i, name] of found.entries()) names.set(name, Math.min(i, names.get(name) ?? i))
  }
  return {
    classes: [...gains.keys()].filter((c) => (gains[c] as number) >= furthest / 10),
    columns: [...names].sort((a, b) => a[1] - b[1]).map(([name]) => name),
  }
}
