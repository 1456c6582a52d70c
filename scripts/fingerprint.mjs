// A digest of files and folders by path and content: modification times lie after a clone or a checkout.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const root = dirname(import.meta.dirname)

export function fingerprint(paths) {
  const hash = createHash('sha256')
  for (const file of paths.flatMap(files).sort()) hash.update(file).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

function files(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist')
    .flatMap((entry) => files(join(path, entry.name)))
}

// Stamps live in node_modules, so that removing it starts everything afresh.
const stampFile = (name) => join(root, 'node_modules', '.viewcast', name)
export const readStamp = (name) => (existsSync(stampFile(name)) ? readFileSync(stampFile(name), 'utf8') : undefined)
export function writeStamp(name, text) {
  mkdirSync(dirname(stampFile(name)), { recursive: true })
  writeFileSync(stampFile(name), text)
}
