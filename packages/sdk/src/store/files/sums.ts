/** Sums of a model's partitions as files: `<directory>/models/<name>/<version>.sums.json`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, type PartitionSums, parsePartitionSums } from '@viewcast/compiler'
import { folder, replaceFile } from './records.ts'

/**
 * Writes the sums of a version and returns their path; written before the record, so that no record is without its sums.
 * A file that exists is replaced whole or not at all.
 */
export const saveSums = (directory: string, sums: PartitionSums, version: number): Promise<string> =>
  replaceFile(join(folder(directory, sums.model), `${version}.sums.json`), `${JSON.stringify(sums)}\n`)

/** Reads the sums of a version. Errors: `train/refit` when there are none, or the file is damaged. */
export async function loadSums(directory: string, model: string, version: number): Promise<PartitionSums> {
  const path = join(folder(directory, model), `${version}.sums.json`)
  const text = await readFile(path, 'utf8').catch(() =>
    fail('train/refit', { model, cause: `version ${version} was trained without sums by partition` }),
  )
  return parsePartitionSums(text, model, path)
}
