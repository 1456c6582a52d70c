/** The version a command is about: `model`, `model@3`, `model@production`, or a name with `--version`. */
import type { Database, Diagnostic, ModelDef, ModelRecord, ModelSelector, Project, Store } from '@viewcast/sdk'
import type { Settings } from '../config/resolve.ts'
import { UsageError } from '../parse/usage.ts'
import type { Output } from '../render/output.ts'

interface Opened {
  readonly settings: Settings
  readonly project: Project
  readonly db: Database
  /** The one the command writes to, where it does. */
  readonly store?: Store | undefined
}

export interface NamedVersion {
  readonly name: string
  readonly selector: ModelSelector
}

/** Reads what was given; a definition whose own name has an `@` is that definition. Errors: `model/selector`, `UsageError`. */
export async function namedVersion(project: Project, given: string, version?: number): Promise<NamedVersion> {
  if (project.definitions.has(given)) return { name: given, selector: version }
  const { modelReference } = await import('@viewcast/sdk')
  const { model, selector } = modelReference(given)
  if (version !== undefined && model !== given)
    throw new UsageError(`"${given}" names the version, and so does --version`)
  return { name: model, selector: selector ?? version }
}

/** The store to read from: the command's own, or the one there is, if there is one and it is not turned off. */
export async function readableStore({ settings, project, db, store }: Opened): Promise<Store | undefined> {
  if (store !== undefined || !settings.store.value) return store
  const { openStoreToRead } = await import('@viewcast/sdk')
  return openStoreToRead(db, { project: project.name })
}

/** The declared model and the record of the version; warnings are told, and returned for `--json`. */
export async function chosenModel(
  opened: Opened,
  given: string,
  version: number | undefined,
  output: Output,
): Promise<{ readonly model: ModelDef; readonly record: ModelRecord; readonly warnings: readonly Diagnostic[] }> {
  const { loadModel, resolveDefinition } = await import('@viewcast/sdk')
  const { name, selector } = await namedVersion(opened.project, given, version)
  const model = resolveDefinition(opened.project, name, 'model')
  const store = await readableStore(opened)
  const { record, warnings } = await loadModel(store, opened.settings.directory.value, name, selector)
  await output.warn(warnings)
  return { model, record, warnings }
}

/** The record of a model's version, or undefined where none was asked for and there is none. */
export async function trainedRecord(
  opened: Opened,
  name: string,
  selector: ModelSelector,
  output: Output,
): Promise<ModelRecord | undefined> {
  const { isViewcastError, loadModel } = await import('@viewcast/sdk')
  try {
    const store = await readableStore(opened)
    const { record, warnings } = await loadModel(store, opened.settings.directory.value, name, selector)
    await output.warn(warnings)
    return record
  } catch (e) {
    const isAbsent =
      isViewcastError(e) && e.diagnostics.every((d) => d.code === 'model/not-trained' || d.code === 'model/deleted')
    if (selector === undefined && isAbsent) return undefined
    throw e
  }
}
