/** The files of the repository as the rules see them: paths from the root, `/` between the parts. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const root = dirname(dirname(import.meta.dirname))

const skipped = new Set(['node_modules', 'dist', 'coverage', '.git', '.viewcast'])

/** Every file below `folder`, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === '.' ? entry.name : `${folder}/${entry.name}`
      if (!entry.isDirectory()) return [path]
      return skipped.has(entry.name) ? [] : filesBelow(path)
    })
    .sort()
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

export const isSource = (path: string): boolean => /\.(ts|mts|js|mjs)$/.test(path)
export const isTest = (path: string): boolean => /\.test(-d)?\.ts$/.test(path)
/** Written by a program, or the expected output of one: nobody edits it. */
export const isGenerated = (path: string): boolean => /\.gen\.ts$/.test(path) || path.includes('/golden/')

/** The modules a file imports, re-exports or loads lazily, as written. Comments are left out, so examples do not count. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const forms = [
    /^\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
    /\b(?:require|resolve)\(\s*['"]([^'"./][^'"]*)['"]\s*\)/g,
    /new URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g,
  ]
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1] as string))
}
