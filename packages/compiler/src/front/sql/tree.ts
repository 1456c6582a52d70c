/** Walking PostgreSQL parse trees, which are plain JSON with one key per node type. */
import type { Node } from './parser.ts'

export const child = (node: Node | undefined, key: string): Node | undefined => node?.[key] as Node | undefined
export const list = (node: Node | undefined, key: string): readonly Node[] =>
  (node?.[key] as readonly Node[] | undefined) ?? []
export const text = (node: Node | undefined, key: string): string | undefined => node?.[key] as string | undefined
export const number = (node: Node | undefined, key: string): number | undefined => node?.[key] as number | undefined

/**
 * Calls `visit` for every typed node below (and including) `value`, in the order of the tree; returning false stops the
 * descent there. Kept on a stack of its own: a sum of thousands of terms is a tree as deep.
 */
export function walk(value: unknown, visit: (type: string, node: Node) => boolean | undefined): void {
  const pending: (readonly [key: string, value: unknown])[] = [['', value]]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [key, inner] = next
    if (inner === null || typeof inner !== 'object') continue
    if (Array.isArray(inner)) {
      for (let i = inner.length - 1; i >= 0; i--) pending.push(['', inner[i]])
      continue
    }
    if (isType(key) && visit(key, inner as Node) === false) continue
    const entries = Object.entries(inner)
    for (let i = entries.length - 1; i >= 0; i--) pending.push(entries[i] as [string, unknown])
  }
}

const isType = (key: string): boolean => key >= 'A' && key < '['

/** The strings of a name list: `[{String:{sval:'a'}}]` → `['a']`; a star becomes `*`. */
export const nameParts = (nodes: readonly Node[]): string[] =>
  nodes.map((n) => ('A_Star' in n ? '*' : (text(child(n, 'String'), 'sval') ?? '')))

/** True when a SELECT is a set operation (its arms are in `larg` and `rarg`). */
export const isSetOperation = (select: Node): boolean => (text(select, 'op') ?? 'SETOP_NONE') !== 'SETOP_NONE'
