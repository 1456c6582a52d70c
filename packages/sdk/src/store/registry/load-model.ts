/** The record of a version: the registry's, and the file's where there is no registry. */
import {
  type Diagnostic,
  diagnostic,
  digest,
  fail,
  isViewcastError,
  type ModelRecord,
  printModelRecord,
} from '@viewcast/compiler'
import { listVersions, loadRecord } from '../files/records.ts'
import type { Store } from '../store.ts'
import { adoptRecordsIfAllowed } from './adopt-records.ts'
import { aliasesOf, noAlias } from './aliases.ts'
import { type ModelSelector, selected } from './model-selector.ts'
import { modelVersion } from './model-versions.ts'

export interface LoadedModel {
  readonly record: ModelRecord
  readonly from: 'registry' | 'file'
  /** `model/record-differs` when the file of the version says something else than the registry. */
  readonly warnings: readonly Diagnostic[]
}

/**
 * Loads a version of a model: the registry is the truth, files in `<directory>/models` are its copy. Files with numbers that
 * the registry does not have are adopted where the role may write, and else count as they are. Without a store the files
 * are all there is.
 *
 * Three statements, and two more where files are adopted.
 *
 * Errors: `model/not-trained`, `model/deleted`, `model/no-alias`, `model/selector`; `model/needs-store` for an alias
 * without a store; `model/record` when the file of a version that only files have is damaged.
 *
 * @param selector version number, alias, or nothing for the newest version that is not deleted.
 *
 * @example
 * ```ts
 * const { record, warnings } = await loadModel(store, '.viewcast', 'delay15', 'production')
 * ```
 */
export async function loadModel(
  store: Store | undefined,
  directory: string,
  model: string,
  selector?: ModelSelector,
): Promise<LoadedModel> {
  const wanted = selected(selector)
  if (store === undefined) {
    if (typeof wanted === 'string') fail('model/needs-store', { model, alias: wanted })
    return { record: await loadRecord(directory, model, wanted), from: 'file', warnings: [] }
  }
  const files = new Set(await listVersions(directory, model))
  const versions = await knownVersions(store, directory, model, files)
  const version =
    typeof wanted === 'string' ? await versionOfAlias(store, model, wanted) : chosen(model, versions, wanted)
  if (versions.get(version) === undefined) {
    return { record: await loadRecord(directory, model, version), from: 'file', warnings: [] }
  }
  const { record } = await modelVersion(store, model, version)
  const warnings = files.has(version) ? await differences(directory, record) : []
  return { record, from: 'registry', warnings }
}

/** Number → state in the registry, undefined where only a file has it. */
async function knownVersions(
  store: Store,
  directory: string,
  model: string,
  files: ReadonlySet<number>,
): Promise<ReadonlyMap<number, string | undefined>> {
  const registered = await registeredVersions(store, model)
  const onlyFiles = [...files].filter((version) => !registered.has(version))
  if (onlyFiles.length === 0) return registered
  const { adopted } = await adoptRecordsIfAllowed(store, directory, model)
  const state = (version: number): string | undefined => (adopted.includes(version) ? 'live' : undefined)
  return new Map([...registered, ...onlyFiles.map((version) => [version, state(version)] as const)])
}

async function registeredVersions({ db, project }: Store, model: string): Promise<Map<number, string | undefined>> {
  const rows = await db.rows<{ version: number; state: string }>(
    `SELECT version, state FROM viewcast.model_versions WHERE (project, model) = ($1, $2)`,
    [project, model],
  )
  return new Map(rows.map((r) => [r.version, r.state]))
}

async function versionOfAlias(store: Store, model: string, alias: string): Promise<number> {
  const aliases = await aliasesOf(store, model)
  return aliases[alias] ?? noAlias(model, alias, Object.keys(aliases))
}

function chosen(model: string, versions: ReadonlyMap<number, string | undefined>, wanted: number | undefined): number {
  const there = [...versions]
    .flatMap(([version, state]) => (state === 'deleted' ? [] : [version]))
    .sort((a, b) => a - b)
  const version = wanted ?? there.at(-1)
  if (version !== undefined && there.includes(version)) return version
  if (wanted === undefined ? versions.size > 0 : versions.has(wanted)) {
    fail('model/deleted', { model, ...(wanted === undefined ? {} : { version: String(wanted) }) })
  }
  return fail('model/not-trained', {
    model,
    ...(wanted === undefined ? {} : { version: String(wanted) }),
    ...(there.length === 0 ? {} : { versions: there.join(', ') }),
  })
}

async function differences(directory: string, record: ModelRecord): Promise<Diagnostic[]> {
  const { name: model, version } = record
  try {
    const file = await loadRecord(directory, model, version)
    if (identity({ ...file, name: model, version }) === identity(record)) return []
  } catch (e) {
    // A damaged file differs, too.
    if (!isViewcastError(e)) throw e
  }
  return [diagnostic('model/record-differs', { model, version: String(version) })]
}

/** Of what is said, whatever the order of keys and the ends of lines. */
const identity = (record: ModelRecord): string => digest(JSON.parse(printModelRecord(record)))
