/** Walking PostgreSQL parse trees, which are plain JSON with one key per node type. */
import type { Node } from './parser.ts'

export const child = (node: Node | undefined, key: string): Node | undefined => node?.[key] as Node | undefined
export const list = (node: Node | undefined, key: string): readonly Node[] =>
  (node?.[key] as readonly Node[] | undefined) ?? []
export const text = (node: Node | undefined, key: string): string | undefined => node?.[key] as string | undefined
export const number = (node: Node | undefined, key: string): number | undefined => node?.[key] as number | undefined

/** Calls `visit` for every typed node below (and including) `value`; returning false stops the descent there. */
export function walk(value: unknown, visit: (type: string, node: Node) => boolean | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit)
    return
  }
  if (value === null || typeof value !== 'object') return
  for (const [key, inner] of Object.entries(value)) {
    if (/^[A-Z]/.test(key) && inner !== null && typeof inner === 'object' && !Array.isArray(inner)) {
      if (visit(key, inner as Node) === false) continue
      walk(inner, visit)
    } else if (typeof inner === 'object') walk(inner, visit)
  }
}

/** The strings of a name list: `[{String:{sval:'a'}}]` → `['a']`; a star becomes `*`. */
export const nameParts = (nodes: readonly Node[]): string[] =>
  nodes.map((n) => ('A_Star' in n ? '*' : (text(child(n, 'String'), 'sval') ?? '')))

/** True when a SELECT is a set operation (its arms are in `larg` and `rarg`). */
export const isSetOperation = (select: Node): boolean => (text(select, 'op') ?? 'SETOP_NONE') !== 'SETOP_NONE'
