/**
 * What depends on a column, in a store of 100,000 edges between columns: graphs that are wide, deep and closed to circles,
 * from a column like most, and from one that everything depends on.
 */
import { connect, type Database, impact, type LineageGraph, openStore, registerLineage } from '@viewcast/sdk'
import { startServer } from '../test/engines/postgres-server.ts'
import { duration, least, median } from './timing.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 9)
const ceiling = 100

const mix = (n: number): number => (Math.imul(n ^ 0x9e3779b9, 0x85ebca6b) >>> 8) / 2 ** 24

type Vertex = LineageGraph['vertices'][number]

interface Shape {
  readonly graph: LineageGraph
  /** A column like most, and one that most depends on. */
  readonly starts: Readonly<Record<string, string>>
}

/** Layers of columns, each made of some of the layer before; `circles` edges lead back. */
function layered(sizes: readonly number[], parents: number, perAsset: number, circles = 0): Shape {
  const layers = sizes.map((size, l) =>
    Array.from({ length: size }, (_, i): Vertex => {
      const kind = l === 0 ? 'column' : l === sizes.length - 1 ? 'feature' : 'view'
      const owner = `${kind === 'column' ? 'public.t' : `layer_${l}_`}${Math.floor(i / perAsset)}`
      return { kind, name: `${owner}.c${i % perAsset}`, owner, column: `c${i % perAsset}` }
    }),
  )
  const edges = new Map<string, LineageGraph['edges'][number]>()
  const add = (from: Vertex | undefined, to: Vertex | undefined, direct: boolean): void => {
    if (from && to) edges.set(`${from.name} ${to.name}`, { from: from.name, to: to.name, direct, how: ['identity'] })
  }
  for (const [l, layer] of layers.entries()) {
    const before = layers[l - 1] ?? []
    for (const [i, to] of layer.entries()) {
      // Parents lie close to each other, as columns of a few tables do.
      const first = Math.floor((i / layer.length) * before.length)
      for (let p = 0; p < parents; p++) {
        const step = Math.floor(mix(l * 7_000_003 + i * 31 + p) * perAsset * 3)
        add(before[(first + step) % Math.max(1, before.length)], to, p > 0)
      }
    }
  }
  for (let c = 0; c < circles; c++) {
    const l = 2 + Math.floor(mix(c) * (layers.length - 3))
    const from = layers[l]?.[Math.floor(mix(c + 1) * (sizes[l] ?? 0))]
    add(from, layers[l - 1]?.[Math.floor(mix(c + 2) * (sizes[l - 1] ?? 0))], true)
  }
  // A key that decides about every column of the second layer.
  const hub: Vertex = { kind: 'column', name: 'public.keys.id', owner: 'public.keys', column: 'id' }
  for (const to of layers[1] ?? []) add(hub, to, false)
  const middle = layers[0]?.[Math.floor((sizes[0] ?? 0) / 2)]
  return {
    graph: { vertices: [hub, ...layers.flat()], edges: [...edges.values()] },
    starts: { 'one column': middle?.name ?? '', 'a key of all': hub.name },
  }
}

const shapes: Readonly<Record<string, Shape>> = {
  wide: layered([16_000, 12_000, 9_000, 6_000, 3_000], 3, 40),
  deep: layered(
    Array.from({ length: 100 }, () => 250),
    4,
    25,
  ),
  circles: layered([16_000, 12_000, 9_000, 6_000, 3_000], 3, 40, 2_000),
}

export default async function run() {
  const server = await startServer()
  const rows: string[][] = []
  try {
    for (const engine of ['pglite', 'postgres'] as const) {
      for (const [name, shape] of Object.entries(shapes)) {
        const db = engine === 'pglite' ? await connect('memory:') : await ownDatabase(server.url, name)
        try {
          rows.push(...(await measured(db, engine, name, shape)))
        } finally {
          await db.close()
        }
      }
    }
  } finally {
    await server.stop()
  }
  return {
    title: 'What depends on a column, over 100,000 edges between columns',
    columns: ['engine', 'graph', 'edges', 'kept in', 'from', 'columns', 'steps', 'least', 'median', 'ceiling', ''],
    rows,
    notes: [
      `Node ${process.versions.node}, ${rounds} rounds in a warm process. kept in: registerLineage of the whole graph, once.`,
      `The ceiling of ${ceiling} ms is for one column; a key that everything depends on lists up to 30,000 columns.`,
    ],
  }
}

async function ownDatabase(server: string, name: string): Promise<Database> {
  const admin = await connect(server)
  await admin.execute(`CREATE DATABASE bench_${name} TEMPLATE template0`)
  await admin.close()
  const url = new URL(server)
  url.pathname = `/bench_${name}`
  return connect(url.href)
}

async function measured(db: Database, engine: string, name: string, { graph, starts }: Shape): Promise<string[][]> {
  const store = await openStore(db, { project: 'bench' })
  const begin = performance.now()
  const { added } = await registerLineage(store, graph)
  const kept = performance.now() - begin
  await db.execute('ANALYZE')
  const rows: string[][] = []
  for (const [from, start] of Object.entries(starts)) {
    const times: number[] = []
    let found = await impact(store, start)
    for (let round = 0; round < rounds; round++) {
      const at = performance.now()
      found = await impact(store, start)
      times.push(performance.now() - at)
    }
    const columns = found.assets.flatMap((a) => a.columns)
    const isHeld = from !== 'one column' || least(times) <= ceiling
    rows.push([
      engine,
      name,
      String(added),
      duration(kept),
      from,
      String(columns.length),
      String(columns.reduce((most, c) => Math.max(most, c.distance), 0)),
      duration(least(times)),
      duration(median(times)),
      from === 'one column' ? `${ceiling} ms` : '',
      isHeld ? 'held' : 'MISSED',
    ])
  }
  return rows
}
