/** A file `viewcast types` keeps up to date, beside what is on the disk. */
import { readFile } from 'node:fs/promises'
import type { GeneratedText } from '@viewcast/sdk'
import { diffLines } from '../render/diff.ts'
import { writeWhole } from '../render/file.ts'

export interface GeneratedFile {
  /** Absolute path. */
  readonly file: string
  readonly upToDate: boolean
  readonly written: boolean
  readonly isNew: boolean
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Compares a text with the file and, unless it is only to be checked, writes it. A text that says nothing makes no file,
 * but is written over one that said something; without a text, a file stays as it is.
 */
export async function generate(
  file: string,
  wanted: GeneratedText | undefined,
  options: { readonly check: boolean },
): Promise<GeneratedFile | undefined> {
  const before = await readFile(file, 'utf8').catch(() => undefined)
  if (wanted === undefined || (wanted.isEmpty && before === undefined)) return undefined
  const { text } = wanted
  const upToDate = before === text
  const written = !options.check && !upToDate
  if (written) await writeWhole(file, text)
  return { file, upToDate, written, isNew: before === undefined, ...diffLines(before ?? '', text) }
}
