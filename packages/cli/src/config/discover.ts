import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const configNames = ['viewcast.config.ts', 'viewcast.config.mts', 'viewcast.config.js', 'viewcast.config.mjs']

/** The configuration of `directory`: the first one upwards, not beyond the root of the repository or workspace. */
export function findConfig(directory: string): string | undefined {
  for (let dir = directory; ; dir = dirname(dir)) {
    const found = configNames.map((name) => join(dir, name)).find((file) => existsSync(file))
    if (found !== undefined) return found
    if (isRoot(dir) || dirname(dir) === dir) return undefined
  }
}

function isRoot(dir: string): boolean {
  if (existsSync(join(dir, '.git')) || existsSync(join(dir, 'pnpm-workspace.yaml'))) return true
  try {
    return 'workspaces' in (JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as object)
  } catch {
    return false
  }
}
