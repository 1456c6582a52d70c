import type { LineageGraph, LineageVertex } from '@viewcast/sdk'

/** A graph of columns `owner.column`, by kind of their owner: `public.…` of the database, `data…` of a dataset, else of a view. */
export function graphOf(edges: Readonly<Record<string, readonly string[]>>): LineageGraph {
  const kindOf = (name: string): LineageVertex['kind'] =>
    name.startsWith('public.') ? 'column' : name.startsWith('data') ? 'feature' : 'view'
  const names = [...new Set(Object.entries(edges).flatMap(([to, from]) => [to, ...from]))]
  return {
    vertices: names.map((name) => {
      const dot = name.lastIndexOf('.')
      return { kind: kindOf(name), name, owner: name.slice(0, dot), column: name.slice(dot + 1) }
    }),
    edges: Object.entries(edges).flatMap(([to, all]) =>
      all.map((from) => ({ from, to, direct: true, how: ['identity'] })),
    ),
  }
}
