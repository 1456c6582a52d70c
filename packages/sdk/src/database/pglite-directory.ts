import { rmSync } from 'node:fs'
import { mkdtemp, readdir, readFile, realpath, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fail } from '@viewcast/compiler/diagnostics'
import { atExit } from './at-exit.ts'
import { createDataDirectory } from './pglite-template.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts'

/** One name per directory, whatever links lead to it: the lock goes by it. */
export async function realDirectory(target: string): Promise<string> {
  const path = resolve(target)
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await realDirectory(parent), basename(path))
  }
}

/** Makes sure that `directory` is a data directory this engine can open; an empty or missing one becomes one. */
export async function prepareDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (found && !found.isDirectory()) fail('engine/target', { target: directory, detail: 'it is a file' })
  const entries = found ? await readdir(directory) : []
  if (entries.length > 0) {
    const version = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(() => undefined)
    if (version === undefined) fail('engine/target', { target: directory, detail: 'it holds other files' })
    if (version.trim() !== engineMajor) {
      fail('engine/target', {
        target: directory,
        detail: `it was made by PostgreSQL ${version.trim()}, and the embedded engine is ${engineMajor}`,
      })
    }
    return
  }
  // Not every system renames over an empty directory.
  if (found) await rmdir(directory)
  try {
    await createDataDirectory(directory)
  } catch (e) {
    fail('engine/failed', {
      detail: `no database can be made at ${directory}: ${e instanceof Error ? e.message : String(e)}`,
    })
  }
}

const engineMajor = '18'

const prefix = 'viewcast-db-'
const ownerFile = 'owner'

/** A directory that goes when it is given back, or with the process; what killed processes left goes first. */
export async function temporaryDirectory(): Promise<{ directory: string; remove: () => void }> {
  await sweep()
  const root = await mkdtemp(join(tmpdir(), prefix))
  const clear = () => rmSync(root, { recursive: true, force: true, maxRetries: 3 })
  const stop = atExit(clear)
  await writeFile(join(root, ownerFile), JSON.stringify(ownIdentity()))
  return {
    directory: join(root, 'data'),
    remove: () => {
      stop()
      clear()
    },
  }
}

async function sweep(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => [])
  for (const name of names.filter((n) => n.startsWith(prefix))) {
    const root = join(tmpdir(), name)
    try {
      const owner = JSON.parse(await readFile(join(root, ownerFile), 'utf8')) as ProcessIdentity
      if (isAlive(owner) === false) await rm(root, { recursive: true, force: true })
    } catch {
      // Just being made, or another user's.
    }
  }
}
