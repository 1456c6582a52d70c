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
}

function readManifest(dir: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

/** The package's own package.json: its version. */
export function manifest(): Manifest {
  const found = readManifest(packageRoot())
  if (found === undefined) throw new Error('The package "viewcast" has lost its package.json')
  return found
}

/** Version of a dependency as it is installed; the manifest may name a range or, in a workspace, no version at all. */
export function installedVersion(name: string): string {
  for (let dir = dirname(fileURLToPath(import.meta.resolve(name))); ; dir = dirname(dir)) {
    const found = readManifest(dir)
    if (found?.name === name) return found.version
    if (dirname(dir) === dir) throw new Error(`The package "${name}" has lost its package.json`)
  }
}
