export type EngineName = 'pglite' | 'postgres'

const known: readonly EngineName[] = ['pglite', 'postgres']

/** The engines this run is asked for: ENGINES, a list with commas; the embedded one alone by default. */
export function engineNames(): readonly EngineName[] {
  const asked = (process.env['ENGINES'] ?? 'pglite').split(',').map((name) => name.trim())
  return asked.map((name) => {
    const found = known.find((k) => k === name)
    if (found === undefined) throw new Error(`ENGINES names "${name}"; it may hold ${known.join(', ')}`)
    return found
  })
}
