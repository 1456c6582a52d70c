import { relative } from 'node:path'

/** A path as a person wants it: relative below the working directory, absolute elsewhere. */
export function shown(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return near === '' ? '.' : near.startsWith('..') ? path : near
}
