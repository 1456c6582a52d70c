import type { LineageWalk } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { branches, dot, mermaid } from './graph.ts'
import { plainColors } from './palette.ts'
import { renderTree } from './tree.ts'

const walk: LineageWalk = {
  from: ['public.a.x'],
  edges: [
    { from: 'public.a.x', to: 'v."odd" <name>', direct: true, how: ['transformation'] },
    { from: 'public.a.x', to: 'v.n', direct: false, how: ['join', 'filter'] },
    { from: 'v."odd" <name>', to: 'd.f', direct: true, how: ['identity'] },
    { from: 'v.n', to: 'd.f', direct: true, how: ['identity'] },
    { from: 'd.f', to: 'm.p', direct: true, how: ['term'] },
  ],
}

test('mermaid names its nodes by number and escapes what would end a label', () => {
  expect(mermaid(walk)).toBe(
    [
      'flowchart LR',
      '  n0["public.a.x"]',
      '  n1["v.#quot;odd#quot; #lt;name#gt;"]',
      '  n2["v.n"]',
      '  n3["d.f"]',
      '  n4["m.p"]',
      '  n0 -->|"transformation"| n1',
      '  n0 -.->|"join, filter"| n2',
      '  n1 -->|"identity"| n3',
      '  n2 -->|"identity"| n3',
      '  n3 -->|"term"| n4',
      '',
    ].join('\n'),
  )
})

test('dot quotes every name; dashed edges only decide', () => {
  const text = dot(walk)
  expect(text).toContain('"v.\\"odd\\" <name>" -> "d.f" [label="identity"];')
  expect(text).toContain('"public.a.x" -> "v.n" [label="join, filter", style=dashed];')
  expect(text.match(/^digraph lineage \{\n[\s\S]*\n\}\n$/)).not.toBeNull()
})

test('the tree shows what is below a repeated node once', () => {
  const [tree] = branches(walk, 'down')
  expect(tree && renderTree(tree, plainColors)).toBe(
    [
      'public.a.x',
      '├─ v."odd" <name>  transformation',
      '│  └─ d.f  identity',
      '│     └─ m.p  term',
      '└─ v.n  join, filter',
      '   └─ d.f  identity; see above',
      '',
    ].join('\n'),
  )
})
