import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { makeTemplate } from './pglite-thread.ts'

/** Where templates of this user are kept; nothing depends on it being there or writable. */
function cacheDirectory(): string {
  const base =
    process.env['XDG_CACHE_HOME'] ??
    (process.platform === 'win32'
      ? (process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'))
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : join(homedir(), '.cache'))
  return join(base, 'viewcast')
}

/** A sibling of `path` that nobody else writes. */
const temporarySibling = (path: string): string => `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`

/** Lays an empty database out in `directory`, which must not exist; it appears whole or not at all. */
export async function createDataDirectory(directory: string): Promise<void> {
  const temporary = temporarySibling(directory)
  await mkdir(dirname(directory), { recursive: true })
  try {
    unpack(await template(), temporary)
    await rename(temporary, directory)
  } catch (e) {
    await rm(temporary, { recursive: true, force: true })
    throw e
  }
}

async function template(): Promise<Buffer> {
  const file = join(cacheDirectory(), `pglite-${engineVersion()}.tar.gz`)
  try {
    // The checksum inside gzip tells a damaged file.
    return await promisify(gunzip)(await readFile(file))
  } catch {
    const made = await makeTemplate()
    await keep(file, made)
    return promisify(gunzip)(made)
  }
}

async function keep(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporarySibling(file)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(temporary, bytes)
    await rename(temporary, file)
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

function engineVersion(): string {
  const require = createRequire(import.meta.url)
  const manifest = join(dirname(require.resolve('@electric-sql/pglite')), '..', 'package.json')
  return (require(manifest) as { version: string }).version
}

const block = 512

/**
 * Plain files and directories of a ustar archive: all that a data directory holds. Written synchronously: a thousand
 * small files take twice as long through the thread pool.
 */
function unpack(tar: Buffer, directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (let at = 0; at + block <= tar.length; ) {
    const text = (from: number, length: number) =>
      tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '')
    const name = text(0, 100)
    if (name === '') break
    const size = Number.parseInt(text(124, 12), 8) || 0
    const path = join(directory, text(345, 155), name)
    const isDirectory = text(156, 1) === '5'
    mkdirSync(isDirectory ? path : dirname(path), { recursive: true, mode: 0o700 })
    if (!isDirectory) writeFileSync(path, tar.subarray(at + block, at + block + size), { mode: 0o600 })
    at += block + Math.ceil(size / block) * block
  }
}
