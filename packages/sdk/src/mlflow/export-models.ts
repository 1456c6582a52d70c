/** Versions of models that the runs made, registered on another server, with their aliases. */
import type { Store } from '../store/store.ts'
import { proxiedPlace, type SentRun } from './export-run.ts'
import { hexOf } from './ids.ts'
import type { Remote } from './remote.ts'
import { filesOfVersion } from './version-files.ts'

/** Which version of ours it is: the other side numbers its own. */
const versionTag = 'viewcast.version_id'

interface MadeVersion {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly run: string
  readonly description: string | null
  readonly uri: string | null
  readonly aliases: readonly string[]
}

/** Returns how many versions were new there. `runs` are those sent, by our id in hexadecimal. */
export async function exportModels(store: Store, remote: Remote, runs: ReadonlyMap<string, SentRun>): Promise<number> {
  const rows = await store.db.rows<MadeVersion>(
    `SELECT a.id, s.name, a.version, coalesce(v.execution_id, e.execution_id) AS run, a.description, a.uri,
       coalesce((SELECT jsonb_agg(l.alias ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = a.id), '[]') AS aliases
     FROM viewcast.asset s JOIN viewcast.artifact a ON a.asset_id = s.id
     LEFT JOIN viewcast.model_version v ON v.artifact_id = a.id
     LEFT JOIN LATERAL (SELECT execution_id FROM viewcast.event WHERE artifact_id = a.id AND direction = 'out' AND role = 'model'
                        ORDER BY at LIMIT 1) e ON true
     WHERE s.kind = 'model' AND s.namespace = $1 AND s.lifecycle <> 'deleted' AND a.state = 'live'
       AND coalesce(v.execution_id, e.execution_id) = ANY ($2::uuid[]) ORDER BY s.name, a.version`,
    [store.project, [...runs.keys()]],
  )
  let created = 0
  for (const row of rows) {
    const run = runs.get(hexOf(row.run))
    if (run && run.outcome !== 'deleted' && (await exportVersion(store, remote, row, run))) created++
  }
  return created
}

async function exportVersion(store: Store, remote: Remote, row: MadeVersion, run: SentRun): Promise<boolean> {
  const { name } = row
  const there = await findVersion(remote, row)
  if (there === undefined) {
    // One that is there already is as good.
    await remote.call('POST', 'registered-models/create', { name })
    const source = await sendFiles(store, remote, row, run)
    await remote.create(
      'model-versions/create',
      {
        name,
        source,
        run_id: run.id,
        description: row.description ?? `Version ${row.version} of viewcast`,
        tags: [
          { key: versionTag, value: hexOf(row.id) },
          { key: 'viewcast.version', value: String(row.version) },
        ],
      },
      () => findVersion(remote, row),
    )
  }
  const version = there ?? (await findVersion(remote, row))
  if (version === undefined) return false
  for (const alias of row.aliases) await remote.call('POST', 'registered-models/alias', { name, alias, version })
  return there === undefined
}

/** Its number on the other side. */
async function findVersion(remote: Remote, { id, name }: MadeVersion): Promise<string | undefined> {
  const found = await remote.call('GET', 'model-versions/search', {
    filter: `name = '${name.replaceAll("'", "''")}' and tags.\`${versionTag}\` = '${hexOf(id)}'`,
    max_results: 1,
  })
  const [version] = (found?.['model_versions'] as { version: string }[] | undefined) ?? []
  return version && String(version.version)
}

/** What makes up the version, beside the run's files; its own place where the other side takes none. */
async function sendFiles(store: Store, remote: Remote, row: MadeVersion, run: SentRun): Promise<string> {
  if (row.uri !== null) return row.uri
  const folder = `viewcast/${hexOf(row.id)}`
  const place = proxiedPlace(run.artifactUri)
  if (place !== undefined) {
    for (const [file, text] of await filesOfVersion(store, row.id)) {
      await remote.put(`${place}/${folder}/${file}`, Buffer.from(text), 'text/plain; charset=utf-8')
    }
  }
  return `${run.artifactUri}/${folder}`
}
