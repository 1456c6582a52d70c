import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the installed package; its depth differs between sources and the built, split files. */
export function packageRoot(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const manifest = readManifest(dir)
    if (manifest?.name === 'viewcast') return dir
    if (dirname(dir) === dir) throw new Error('The package "viewcast" has lost its package.json')
  }
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

function readManifest(dir: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

/** The package's own package.json: its version, and the versions it was tested with. */
export function manifest(): Manifest {
  const found = readManifest(packageRoot())
  if (found === undefined) throw new Error('The package "viewcast" has lost its package.json')
  return found
}
