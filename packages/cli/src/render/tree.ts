import type { Colors } from './palette.ts'

export interface Branch {
  readonly name: string
  /** How it belongs to its parent, in dim letters behind the name. */
  readonly via?: string
  readonly children: readonly Branch[]
}

/** A tree with lines, one node per line, ending in a newline. */
export function renderTree(root: Branch, colors: Colors): string {
  const lines = [label(root, colors)]
  const descend = (node: Branch, indent: string): void => {
    for (const [i, child] of node.children.entries()) {
      const last = i === node.children.length - 1
      lines.push(`${colors.dim(`${indent}${last ? '└─' : '├─'}`)} ${label(child, colors)}`)
      descend(child, `${indent}${last ? '   ' : '│  '}`)
    }
  }
  descend(root, '')
  return `${lines.join('\n')}\n`
}

const label = (node: Branch, colors: Colors): string =>
  node.via === undefined ? node.name : `${node.name}  ${colors.dim(node.via)}`
