/** The layering, read from the imports. The table it is held to is `layering.ts`. */
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { biomeLayering } from './biome-layering.ts'
import { fenced, type House, houses, pure } from './layering.ts'
import { filesBelow, importsOf, isSource, isTest, read } from './sources.ts'

interface Edge {
  readonly from: string
  readonly to: string
}

const sources = filesBelow('packages').filter((path) => isSource(path) && path.includes('/src/'))
const edges: readonly Edge[] = sources.flatMap((from) => importsOf(read(from)).map((to) => ({ from, to })))

/** `emit` for `packages/compiler/src/emit/layout.ts`; the file itself when it lies in `src`. */
const roomOf = (house: House, path: string): string => path.slice(house.src.length + 1).split('/')[0] as string
const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
const show = (edge: Edge): string => `${edge.from} imports ${edge.to}`

it('sees the sources and their imports', () => {
  expect(sources.length).toBeGreaterThan(60)
  expect(edges.length).toBeGreaterThan(200)
  for (const house of houses) {
    expect(sources.filter((path) => path.startsWith(house.src)).length, house.src).toBeGreaterThan(5)
  }
  // A relative import that points at nothing would be an import this test misreads.
  const known = new Set(filesBelow('packages'))
  const dangling = edges.filter((e) => e.to.startsWith('.') && !known.has(posix.join(posix.dirname(e.from), e.to)))
  expect(dangling.map(show)).toEqual([])
})

describe.each(houses)('$src', (house) => {
  const own = edges.filter((edge) => edge.from.startsWith(`${house.src}/`))
  const inside = own
    .filter((edge) => edge.to.startsWith('.'))
    .map((edge) => ({ from: edge.from, to: posix.join(posix.dirname(edge.from), edge.to) }))

  it('has only the folders the table knows', () => {
    const rooms = new Set(own.filter((edge) => !isTest(edge.from)).map((edge) => roomOf(house, edge.from)))
    expect([...rooms].filter((room) => !house.order.includes(room) && room !== 'index.ts')).toEqual([])
  })

  it('imports downwards only', () => {
    const upwards = inside.filter(({ from, to }) => {
      if (isTest(from)) return false
      const [a, b] = [roomOf(house, from), roomOf(house, to)]
      if (a === b || a === 'index.ts') return false
      if (house.also[a]?.includes(to.slice(house.src.length + 1))) return false
      return b === 'index.ts' || house.order.indexOf(b) > house.order.indexOf(a)
    })
    expect(upwards.map(show)).toEqual([])
  })

  it('borrows from above only what stands on nothing above', () => {
    for (const [room, files] of Object.entries(house.also)) {
      const lent = new Set(files.map((file) => `${house.src}/${file}`))
      const heavy = inside.filter(({ from, to }) => {
        const above = house.order.indexOf(roomOf(house, to)) > house.order.indexOf(room)
        return lent.has(from) && above && !lent.has(to) && roomOf(house, from) !== roomOf(house, to)
      })
      expect(heavy.map(show), room).toEqual([])
    }
  })

  it('stays inside itself and reaches other packages by their names', () => {
    expect(inside.filter((edge) => !edge.to.startsWith(`${house.src}/`) && !isManifest(edge.to)).map(show)).toEqual([])
    const ours = own.filter((edge) => /^(@viewcast\/|viewcast$)/.test(edge.to))
    expect(ours.filter((edge) => !house.packages.includes(packageName(edge.to))).map(show)).toEqual([])
  })
})

const isManifest = (path: string): boolean => path.endsWith('/package.json')

it('keeps third-party packages where they belong', () => {
  const astray = edges.filter(({ from, to }) => {
    const places = fenced[packageName(to)]
    return places !== undefined && !isTest(from) && !places.some((place) => from.startsWith(place))
  })
  expect(astray.map(show)).toEqual([])
})

it('keeps Node out of the compiler', () => {
  const impure = edges.filter(({ from, to }) => from.startsWith(pure) && to.startsWith('node:') && !isTest(from))
  expect(impure.map(show)).toEqual([])
  // The clock and chance are reached without an import.
  const ambient = /\b(Date\.now|new Date\(\)|Math\.random|process\.|performance\.|console\.|globalThis)/
  const code = (path: string) => read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  const offenders = sources.filter((path) => path.startsWith(pure) && !isTest(path) && ambient.test(code(path)))
  expect(offenders).toEqual([])
})

it('lets tests, benches and examples import published entry points only', () => {
  // The rules look into the packages: that is their work.
  const outside = ['test', 'bench', 'examples']
    .flatMap(filesBelow)
    .filter((path) => isSource(path) && !path.startsWith('test/rules/'))
  expect(outside.length).toBeGreaterThan(10)
  const inward = outside
    .flatMap((from) => importsOf(read(from)).map((to) => ({ from, to })))
    .filter(({ from, to }) =>
      to.startsWith('.')
        ? posix.join(posix.dirname(from), to).startsWith('packages/')
        : /^@viewcast\/.*\/src\//.test(to),
    )
  expect(inward.map(show)).toEqual([])
})

it('is repeated in biome.layering.json, for the editor (vitest -u writes it)', async () => {
  await expect(biomeLayering()).toMatchFileSnapshot('../../biome.layering.json')
})
