/** Results of a search on disk, a line of JSON each, so that a search that was stopped goes on where it was. */
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FoldResult } from './choose.ts'

export interface SavedResults {
  /** What was measured before, by candidate and fold. */
  find(key: string, fold: number): FoldResult | undefined
  /** Written when this returns. */
  add(key: string, candidate: string, result: FoldResult): Promise<void>
}

/**
 * `identity` is a digest of everything that the candidates share: training query, folds, rows. Lines that do not parse,
 * such as the last one of a process that died, are measured again.
 */
export async function openSavedResults(directory: string, selection: string, identity: string): Promise<SavedResults> {
  const path = join(directory, 'selections', encodeURIComponent(selection), `${identity.slice(0, 32)}.jsonl`)
  const text = await readFile(path, 'utf8').catch(() => '')
  const found = new Map<string, FoldResult>()
  for (const each of text.split('\n')) {
    const line = parse(each)
    if (line !== undefined) found.set(`${line.key} ${line.result.fold}`, line.result)
  }
  await mkdir(dirname(path), { recursive: true })
  let torn = text !== '' && !text.endsWith('\n')
  return {
    find: (key, fold) => found.get(`${key} ${fold}`),
    async add(key, candidate, result) {
      await appendFile(path, `${torn ? '\n' : ''}${JSON.stringify({ key, candidate, ...result })}\n`)
      torn = false
    },
  }
}

/** Undefined for anything but a whole line. */
function parse(text: string): { readonly key: string; readonly result: FoldResult } | undefined {
  try {
    const { key, candidate: _, ...result } = JSON.parse(text) as { key: string; candidate: string } & FoldResult
    const isWhole =
      typeof key === 'string' &&
      Number.isSafeInteger(result.fold) &&
      typeof result.metrics === 'object' &&
      typeof result.nonZero === 'number' &&
      typeof result.seconds === 'number'
    return isWhole ? { key, result } : undefined
  } catch {
    return undefined
  }
}

/** Remembers nothing. */
export const noSavedResults: SavedResults = { find: () => undefined, add: async () => undefined }
