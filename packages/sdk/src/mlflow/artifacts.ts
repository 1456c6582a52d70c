/** `artifacts/list` of a run, and the files themselves, which go through the server. */
import { z } from 'zod'
import type { Store } from '../store/store.ts'
import { artifactLocation } from './experiment-rows.ts'
import { refuse } from './failure.ts'
import { hexOf } from './ids.ts'
import type { JsonObject } from './proto-json.ts'
import { text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { checkPath, deleteFiles, type FileContent, filePlace, listFiles, readFile, writeFile } from './run-files.ts'
import { anyRun } from './run-rows.ts'
import { ofRun, runIdOf } from './runs.ts'
import { listVersionFiles, readVersionFile, versionPlace } from './version-files.ts'

const list = route('GET', 'artifacts/list', z.object({ ...ofRun, path: text.default('') }), async (store, request) => {
  const run = runIdOf(request)
  const files = await listFiles(store, { run, path: checkPath(request.path) })
  return { root_uri: await rootOf(store, run), files }
})

export const artifactRoutes: readonly Route[] = [list]

async function rootOf(store: Store, run: string): Promise<string> {
  const { uuid } = await anyRun(store, run)
  const [row] = await store.db.rows<{ seq: string | null; location: string | null }>(
    `SELECT x.seq, x.props ->> 'artifactLocation' AS location
     FROM viewcast.execution r LEFT JOIN viewcast.context x ON x.id = r.experiment_id WHERE r.id = $1`,
    [uuid],
  )
  return `${artifactLocation(row?.seq ?? '0', row?.location ?? null)}/${hexOf(uuid)}/artifacts`
}

/** Listing of `mlflow-artifacts`: names are relative to the folder that is listed. */
export async function listProxied(store: Store, asked: string): Promise<JsonObject> {
  const path = checkPath(asked)
  const version = versionPlace(path)
  if (version) return { files: await listVersionFiles(store, version) }
  const files = await listFiles(store, placeOf(path))
  return { files: files.map((file) => ({ ...file, path: String(file['path']).split('/').at(-1) })) }
}

export async function downloadProxied(store: Store, asked: string): Promise<FileContent> {
  const path = checkPath(asked)
  const version = versionPlace(path)
  return version ? readVersionFile(store, version) : readFile(store, placeOf(path))
}

export async function uploadProxied(
  store: Store,
  asked: string,
  content: Uint8Array,
  mediaType: string | undefined,
): Promise<void> {
  await writeFile(store, placeOf(checkPath(asked)), content, mediaType)
}

export async function deleteProxied(store: Store, asked: string): Promise<void> {
  await deleteFiles(store, placeOf(checkPath(asked)))
}

const placeOf = (path: string) =>
  filePlace(path) ??
  refuse('INVALID_PARAMETER_VALUE', 'Files are kept with runs here: <experiment>/<run>/artifacts/<path>')
