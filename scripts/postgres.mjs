// Finds a native PostgreSQL on this machine: the second engine of the tests.
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const debian = '/usr/lib/postgresql'

/** The folder that holds initdb and postgres, or undefined. */
export function findPostgres() {
  const installed = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...installed.map((version) => join(debian, version, 'bin')), ...process.env.PATH.split(delimiter)]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

export const howToGetPostgres =
  'Install PostgreSQL 15 or later (Debian: apt-get install postgresql) and run npm test again.'
