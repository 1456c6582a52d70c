/** Names and digests of ours as a server of MLflow takes them. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { limits } from './limits.ts'

/** The name itself, if MLflow takes it; else one that it takes, and that no other name is given. */
export function exportName(name: string): string {
  // A colon is taken by newer servers only.
  const plain = name.replace(/[^/\p{L}\p{M}\p{N}_.\- ]/gu, '_')
  const path = posix.normalize(plain)
  const isPath = path === plain && path !== '.' && !path.startsWith('..') && !path.startsWith('/')
  const taken = isPath ? plain : plain.replace(/[/.]/g, '_')
  return taken === name && [...name].length <= limits.key
    ? name
    : `${taken.slice(0, limits.key - 9)}_${hash(name).slice(0, 8)}`
}

/** Of a dataset: 36 characters at most. */
export const exportDigest = (digest: string): string =>
  digest.length <= limits.dataset.digest ? digest : hash(digest).slice(0, limits.dataset.digest)

export const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
