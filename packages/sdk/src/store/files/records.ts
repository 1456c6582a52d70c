/** Model records as files: `<directory>/models/<name>/<version>.json`. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fail, type ModelRecord, parseModelRecord, printModelRecord } from '@viewcast/compiler'

export const folder = (directory: string, model: string): string => join(directory, 'models', encodeURIComponent(model))

/**
 * Writes a record and returns its path. A version that exists is replaced whole or not at all: the file is written beside
 * it and renamed.
 */
export async function saveRecord(directory: string, record: ModelRecord): Promise<string> {
  return replaceFile(join(folder(directory, record.name), `${record.version}.json`), printModelRecord(record))
}

/** Writes beside the file and renames. */
export async function replaceFile(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.tmp`
  await writeFile(draft, text)
  await rename(draft, path)
  return path
}

/** Removes the file of a version; nothing happens where it is not there. Sums by partition stay: nothing else has them. */
export const removeRecord = (directory: string, model: string, version: number): Promise<void> =>
  rm(join(folder(directory, model), `${version}.json`), { force: true })

/** Versions of a model that are on disk, ascending; empty when it was never trained. */
export async function listVersions(directory: string, model: string): Promise<number[]> {
  const names = await readdir(folder(directory, model)).catch(() => [])
  return names.flatMap((n) => (/^\d+\.json$/.test(n) ? [Number.parseInt(n, 10)] : [])).sort((a, b) => a - b)
}

/**
 * Reads a record: the given version, or the newest.
 *
 * Errors: `model/not-trained` when there is none, `model/record` when the file is damaged.
 */
export async function loadRecord(directory: string, model: string, version?: number): Promise<ModelRecord> {
  const versions = await listVersions(directory, model)
  const wanted = version ?? versions.at(-1)
  if (wanted === undefined) return fail('model/not-trained', { model })
  if (!versions.includes(wanted)) {
    fail('model/not-trained', {
      model,
      version: String(wanted),
      ...(versions.length === 0 ? {} : { versions: versions.join(', ') }),
    })
  }
  const path = join(folder(directory, model), `${wanted}.json`)
  return parseModelRecord(await readFile(path, 'utf8'), path)
}

/** Names of models with at least one record. */
export async function listRecords(directory: string): Promise<{ model: string; versions: number[] }[]> {
  const names = await readdir(join(directory, 'models')).catch(() => [])
  const models = await Promise.all(
    names.map(async (n) => {
      const model = decodeURIComponent(n)
      return { model, versions: await listVersions(directory, model) }
    }),
  )
  return models.filter((m) => m.versions.length > 0)
}
