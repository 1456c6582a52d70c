/**
 * Sums over all rows of a design for given coefficients, on as many threads as are worth it.
 *
 * Rows are summed in groups of a fixed size, each from zero, and the groups added in their order: the same bits whatever
 * the number of threads, and whoever took a group.
 */
import { addSums, beginSums, type SumKind, type Sums } from './block-sums.js'
import type { Block, Design } from './fit.ts'
import { createWorkspace } from './kernels.ts'
import { type PassThreads, startThreads, threadsWorthwhile } from './pass-threads.ts'
import { eachBlock, givingTurns } from './passes.ts'

const rowsPerGroup = 32_768

export type DesignSums = (theta: Float64Array, withProducts: boolean) => Promise<Sums>

export interface DesignSumsOptions {
  readonly signal?: AbortSignal | undefined
  /** Beside this one; as many as are worth it by default. They need a design whose blocks are kept in shared memory. */
  readonly threads?: number | undefined
}

/** `shift` is subtracted from the columns. */
export function designSums(
  design: Design,
  kind: SumKind,
  shift: Float64Array,
  { signal, threads = threadsWorthwhile(design) }: DesignSumsOptions,
): DesignSums {
  const workspace = createWorkspace(design.columns.length, shift)
  const groups = threads > 0 ? sharedGroups(design) : undefined
  const started: PassThreads | undefined =
    groups && startThreads({ width: design.columns.length, shift, kind, groups }, threads, design)

  const streamed = async (theta: Float64Array, withProducts: boolean): Promise<Sums> => {
    let total: Sums | undefined
    let rows = 0
    let group = beginSums(workspace, kind, theta, withProducts)
    await eachBlock(design, signal, (block) => {
      if (rows >= rowsPerGroup) {
        total = addSums(total, group.end())
        group = beginSums(workspace, kind, theta, withProducts)
        rows = 0
      }
      group.add(block)
      rows += block.rows
    })
    return addSums(total, group.end())
  }
  const shared = async (
    all: Groups,
    others: PassThreads,
    theta: Float64Array,
    withProducts: boolean,
  ): Promise<Sums> => {
    const sums: (Sums | undefined)[] = []
    const sum = (group: number): void => {
      const own = beginSums(workspace, kind, theta, withProducts)
      for (const block of all[group] ?? []) own.add(block)
      sums[group] = own.end()
    }
    const pass = others.begin(theta, withProducts)
    try {
      await givingTurns(signal, pass.claims(), sum)
    } catch (e) {
      pass.abandon()
      throw e
    }
    for (const [group, theirs] of await pass.results()) sums[group] = theirs
    let total: Sums | undefined
    for (let group = 0; group < all.length; group++) {
      // A thread that died took its group along.
      if (sums[group] === undefined) sum(group)
      total = addSums(total, sums[group] as Sums)
    }
    return total as Sums
  }
  return (theta, withProducts) =>
    groups !== undefined && started !== undefined
      ? shared(groups, started, theta, withProducts)
      : streamed(theta, withProducts)
}

type Groups = readonly (readonly Block[])[]

/** The groups of a design in shared memory; undefined for any other. */
function sharedGroups(design: Design): Groups | undefined {
  if (design.isKept !== true) return undefined
  const groups: Block[][] = []
  let rows = rowsPerGroup
  for (const block of design.blocks()) {
    if (!(block.x.buffer instanceof SharedArrayBuffer && block.y.buffer instanceof SharedArrayBuffer)) return undefined
    if (rows >= rowsPerGroup) {
      groups.push([])
      rows = 0
    }
    groups.at(-1)?.push(block)
    rows += block.rows
  }
  return groups.length === 0 ? undefined : groups
}
