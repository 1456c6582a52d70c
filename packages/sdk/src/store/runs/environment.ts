/** What a run ran on, apart from the database. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let known: Readonly<Record<string, unknown>> | undefined

/** Node, platform, and the versions of our packages; the same for as long as the process lives. */
export function processEnvironment(): Readonly<Record<string, unknown>> {
  const require = createRequire(import.meta.url)
  const installed = (name: string): string | undefined => {
    try {
      return versionIn(dirname(require.resolve(`${name}/package.json`)), name)
    } catch {
      return undefined
    }
  }
  known ??= {
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    viewcast: ownVersion(),
    packages: Object.fromEntries(
      ['@viewcast/compiler', 'kysely', 'pg', '@electric-sql/pglite'].flatMap((name) => {
        const version = installed(name)
        return version === undefined ? [] : [[name, version]]
      }),
    ),
  }
  return known
}

function ownVersion(): string | undefined {
  // How deep this file lies differs between the sources and the bundle.
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const version = versionIn(folder, '@viewcast/sdk')
    if (version !== undefined || dirname(folder) === folder) return version
  }
}

function versionIn(folder: string, name: string): string | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string }
    return manifest.name === name ? manifest.version : undefined
  } catch {
    return undefined
  }
}
