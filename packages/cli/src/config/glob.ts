import { readdirSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'

/**
 * Files a pattern names, sorted. `*` matches within one folder name, `**` across folders; a pattern without either is
 * a path and is returned whether or not it exists. `node_modules` and hidden folders are not entered.
 */
export function expandPattern(pattern: string, root: string): string[] {
  if (!pattern.includes('*')) return [resolve(root, pattern)]
  const normal = (isAbsolute(pattern) ? relative(root, pattern).replaceAll(sep, '/') : pattern).replace(/^\.\//, '')
  const segments = normal.split('/')
  const firstStar = segments.findIndex((s) => s.includes('*'))
  const base = resolve(root, segments.slice(0, firstStar).join('/'))
  const matcher = new RegExp(`^${segments.slice(firstStar).map(segmentPattern).join('')}$`)
  return files(base, segments.includes('**') ? Number.POSITIVE_INFINITY : segments.length - firstStar)
    .filter((path) => matcher.test(path))
    .sort()
    .map((path) => join(base, path))
}

const segmentPattern = (segment: string, i: number, all: readonly string[]): string => {
  const last = i === all.length - 1
  if (segment === '**') return last ? '.*' : '(?:[^/]+/)*'
  const body = segment.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')
  return last ? body : `${body}/`
}

/** Paths below `base` with `/`, at most `depth` segments deep. */
function files(base: string, depth: number, prefix = ''): string[] {
  if (depth <= 0) return []
  const out: string[] = []
  for (const entry of list(join(base, prefix))) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) out.push(...files(base, depth - 1, path))
    } else out.push(path)
  }
  return out
}

function list(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return []
  }
}
