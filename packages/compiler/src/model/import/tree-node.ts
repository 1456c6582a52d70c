/** A tree while it is imported: nested, as libraries print it or as their arrays are followed. */
import type { Tree } from '../../ir/trees.ts'

export type TreeNode =
  | { readonly leaf: number }
  | {
      readonly input: number
      readonly threshold: number
      readonly missingLeft: boolean
      /** Zero counts as missing. */
      readonly zeroMissing?: boolean
      /** Left when the value is one of these. */
      readonly members?: readonly (number | string)[]
      readonly left: TreeNode
      readonly right: TreeNode
    }

/** The arrays of a record, a node before its children. */
export function flatTree(root: TreeNode, score: number): Tree {
  const tree: Tree = { score, input: [], threshold: [], left: [], right: [], missingLeft: [] }
  const members: Record<string, (number | string)[]> = {}
  const zeroMissing: number[] = []
  const add = (node: TreeNode): number => {
    const i = tree.input.length
    const isLeaf = 'leaf' in node
    tree.input.push(isLeaf ? -1 : node.input)
    tree.threshold.push(isLeaf ? node.leaf : node.threshold)
    tree.missingLeft.push(!isLeaf && node.missingLeft ? 1 : 0)
    tree.left.push(0)
    tree.right.push(0)
    if (isLeaf) return i
    if (node.members !== undefined) members[i] = [...node.members]
    if (node.zeroMissing === true) zeroMissing.push(i)
    tree.left[i] = add(node.left)
    tree.right[i] = add(node.right)
    return i
  }
  add(root)
  return {
    ...tree,
    ...(Object.keys(members).length === 0 ? {} : { members }),
    ...(zeroMissing.length === 0 ? {} : { zeroMissing }),
  }
}

/** The same trees reading `inputs` only, which are the ones some node reads; an input keeps its place among them. */
export function usedInputs(roots: readonly TreeNode[], names: readonly string[]) {
  const used = new Set<number>()
  const see = (node: TreeNode): void => {
    if ('leaf' in node) return
    used.add(node.input)
    see(node.left)
    see(node.right)
  }
  for (const root of roots) see(root)
  const kept = [...used].sort((a, b) => a - b)
  const place = new Map(kept.map((input, i) => [input, i]))
  const renumbered = (node: TreeNode): TreeNode =>
    'leaf' in node
      ? node
      : {
          ...node,
          input: place.get(node.input) ?? 0,
          left: renumbered(node.left),
          right: renumbered(node.right),
        }
  return { inputs: kept.map((i) => names[i] ?? ''), kept, roots: roots.map(renumbered) }
}

/** Shares of a whole by name; nothing where nothing is known. */
export function shares(byName: ReadonlyMap<string, number>): Record<string, number> | undefined {
  const total = [...byName.values()].reduce((a, b) => a + b, 0)
  if (!(total > 0) || !Number.isFinite(total)) return undefined
  return Object.fromEntries([...byName].map(([name, value]) => [name, value / total]))
}
