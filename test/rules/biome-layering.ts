/** The layering as Biome's `noRestrictedImports`, one override per folder: the text of `biome.layering.json`. */
import { fenced, type House, houses, pure } from './layering.ts'

interface Pattern {
  readonly group: readonly string[]
  readonly message: string
}

export function biomeLayering(): string {
  const lines = houses.flatMap((house) => house.order.map((_, at) => JSON.stringify(override(house, at))))
  return `{\n"overrides": [\n${lines.join(',\n')}\n]\n}\n`
}

function override(house: House, at: number): object {
  const room = house.order[at] as string
  const place = `${house.src}/${room}${isFile(room) ? '' : '/**'}`
  const patterns = [...upwards(house, at), ...foreign(house, `${house.src}/${room}`)]
  return {
    includes: [place, '!**/*.test.ts'],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options: { patterns } } } } },
  }
}

function upwards(house: House, at: number): Pattern[] {
  const room = house.order[at] as string
  const higher = house.order.slice(at + 1)
  if (higher.length === 0) return []
  const also = house.also[room] ?? []
  const group = [
    ...higher.map((name) => (isFile(name) ? `**/${name}` : `**/${name}/**`)),
    ...also.map((f) => `!**/${f}`),
  ]
  return [{ group, message: `${room} stands below ${higher.join(', ')}; see test/rules/layering.ts.` }]
}

function foreign(house: House, place: string): Pattern[] {
  const names = Object.keys(fenced).filter((name) => !fenced[name]?.some((allowed) => overlaps(allowed, place)))
  const ours = ['@viewcast/compiler', '@viewcast/sdk', 'viewcast'].filter((name) => !house.packages.includes(name))
  const node = pure.startsWith(house.src) ? ['node:*'] : []
  const group = [...names.flatMap((name) => [name, `${name}/**`]), ...ours, ...node]
  return [{ group, message: 'Not from here; see test/rules/layering.ts.' }]
}

const isFile = (room: string): boolean => room.includes('.')
/** True when some file of one place lies in the other. */
const overlaps = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a)
