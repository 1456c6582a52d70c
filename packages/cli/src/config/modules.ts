/**
 * Loads TypeScript and JavaScript files of the user. One loader on every Node version, so that what loads on 20 loads
 * the same on 24: relative imports without extension, enums and JSON imports included.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createJiti } from 'jiti'
import { throwLoadError } from './load-error.ts'

export type ModuleExports = Readonly<Record<string, unknown>>

/** Loads one module. Errors: `project/load`, with file, line and column. */
export async function loadModule(file: string, root: string, cwd: string): Promise<ModuleExports> {
  const jiti = createJiti(join(root, 'viewcast'), {
    // Twice as fast from the cache; in node_modules because jiti's own choice, the shared temporary directory, is
    // writable by others.
    fsCache: cacheDirectory(root) ?? false,
    moduleCache: false,
    interopDefault: false,
  })
  try {
    return await jiti.import<ModuleExports>(file)
  } catch (error) {
    return await throwLoadError(error, {
      file,
      root,
      cwd,
      transform: (source, filename) => jiti.transform({ source, filename, ts: true, async: true, retainLines: true }),
    })
  }
}

function cacheDirectory(root: string): string | undefined {
  for (let dir = root; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'node_modules'))) return join(dir, 'node_modules', '.cache', 'viewcast')
    if (dirname(dir) === dir) return undefined
  }
}
