import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Whether a project in `directory` finds the packages its files import. */
export function isInstalled(directory: string): boolean {
  return ['@viewcast/sdk', 'kysely', 'viewcast'].every((name) => isFoundFrom(directory, name))
}

function isFoundFrom(directory: string, name: string): boolean {
  for (let dir = directory; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'node_modules', name, 'package.json'))) return true
    if (dirname(dir) === dir) return false
  }
}

/** What to type after `viewcast init`, in order. */
export const nextSteps = (directory: string, installed: boolean): string[] => [
  ...(directory === '.' ? [] : [`cd ${directory}`]),
  ...(installed ? [] : ['npm install']),
  'npx viewcast leak history',
  'npx viewcast train reorder',
  'npx viewcast compile reorder',
  'npx viewcast predict reorder --at 2025-12-31T00:00Z --limit 10',
]
