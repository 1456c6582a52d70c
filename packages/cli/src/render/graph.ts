/** Lineage as a picture: text for Mermaid and for Graphviz, and a tree for the terminal. */
import type { LineageEdge, LineageWalk } from '@viewcast/sdk'
import type { Branch } from './tree.ts'

/** A Mermaid flowchart; dotted arrows only decide. */
export function mermaid(walk: LineageWalk): string {
  const { id, names } = identified(walk)
  const text = (s: string): string =>
    s.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;')
  const nodes = names.map((name) => `  ${id(name)}["${text(name)}"]`)
  const arrows = walk.edges.map(
    (e) => `  ${id(e.from)} ${e.direct ? '-->' : '-.->'}|"${text(e.how.join(', '))}"| ${id(e.to)}`,
  )
  return `${['flowchart LR', ...nodes, ...arrows].join('\n')}\n`
}

/** A Graphviz digraph; dashed edges only decide. */
export function dot(walk: LineageWalk): string {
  const quoted = (s: string): string => `"${s.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
  const nodes = identified(walk).names.map((name) => `  ${quoted(name)};`)
  const edges = walk.edges.map(
    (e) =>
      `  ${quoted(e.from)} -> ${quoted(e.to)} [label=${quoted(e.how.join(', '))}${e.direct ? '' : ', style=dashed'}];`,
  )
  return `${['digraph lineage {', '  rankdir=LR;', '  node [shape=box];', ...nodes, ...edges, '}'].join('\n')}\n`
}

/** A tree from each start; what was shown with all its branches before is not shown again. */
export function branches(walk: LineageWalk, direction: 'up' | 'down'): Branch[] {
  const [at, next] = direction === 'up' ? (['to', 'from'] as const) : (['from', 'to'] as const)
  const below = new Map<string, LineageEdge[]>()
  for (const e of walk.edges) below.set(e[at], [...(below.get(e[at]) ?? []), e])
  const shown = new Set<string>()
  const branch = (name: string, via?: string): Branch => {
    const edges = below.get(name) ?? []
    const again = shown.has(name) && edges.length > 0
    shown.add(name)
    const how = [...(via === undefined ? [] : [via]), ...(again ? ['see above'] : [])].join('; ')
    const children = again ? [] : edges.map((e) => branch(e[next], e.how.join(', ')))
    return { name, ...(how === '' ? {} : { via: how }), children }
  }
  return walk.from.map((name) => branch(name))
}

function identified(walk: LineageWalk): { readonly id: (name: string) => string; readonly names: readonly string[] } {
  const names = [...new Set([...walk.from, ...walk.edges.flatMap((e) => [e.from, e.to])])]
  const numbers = new Map(names.map((name, i) => [name, i]))
  return { id: (name) => `n${numbers.get(name)}`, names }
}
