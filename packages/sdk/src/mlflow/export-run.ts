/** One run, sent to another server: whole, and nothing twice. */

import { listFiles, readRunFile } from '../store/runs/files.ts'
import { metricHistory } from '../store/runs/history.ts'
import type { Store } from '../store/store.ts'
import { batchesOf } from './export-batches.ts'
import { exportDigest, exportName, hash } from './export-names.ts'
import { uuidOf } from './ids.ts'
import { limits } from './limits.ts'
import { doubleJson, type JsonObject } from './proto-json.ts'
import type { Remote } from './remote.ts'

/** Tags on the other side: which run of ours it is, and what of it has been sent, as a digest. */
const runTag = 'viewcast.run_id'
const sentTag = 'viewcast.sent'

/** A run as our own server shows it. */
export interface ShownRun {
  readonly info: {
    readonly run_id: string
    readonly run_name: string
    readonly status: string
    readonly start_time: number
    readonly end_time?: number
  }
  readonly data: {
    readonly metrics: readonly { readonly key: string }[]
    readonly params: readonly Pair[]
    readonly tags: readonly Pair[]
  }
  readonly inputs: {
    readonly dataset_inputs: readonly { readonly tags: readonly Pair[]; readonly dataset: JsonObject }[]
  }
}

interface Pair {
  readonly key: string
  readonly value: string
}

export interface SentRun {
  /** Its id on the other side. */
  readonly id: string
  readonly artifactUri: string
  /** `deleted`: somebody deleted it there, so nothing is sent. */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted'
  readonly points: number
  readonly files: number
  /** Files that stay here, since the other side keeps its files where only its own clients write. */
  readonly filesLeft: number
}

export interface RunExport {
  readonly store: Store
  readonly remote: Remote
  /** Id of the experiment on the other side. */
  readonly experiment: string
  /** Ids on the other side of runs of ours. */
  readonly parents: ReadonlyMap<string, string>
  readonly withFiles: boolean
}

export async function exportRun(to: RunExport, run: ShownRun): Promise<SentRun> {
  const { store, remote } = to
  const uuid = uuidOf(run.info.run_id) as string
  const files = to.withFiles ? (await listFiles(store, uuid)).filter((f) => f.uri === null) : []
  const counts = await store.db.rows(
    `SELECT k.name, l.n, l.min, l.max FROM viewcast.metric_latest l JOIN viewcast.metric_key k ON k.id = l.key_id
     WHERE l.execution_id = $1 ORDER BY 1`,
    [uuid],
  )
  const tags = tagsOf(run, to.parents)
  const digest = hash(JSON.stringify([run, counts, tags, files.map((f) => [f.path, f.sha256])]))
  const there = await findOrCreate(to, run, tags)
  const sent = { id: there.id, artifactUri: there.artifactUri, points: 0, files: 0, filesLeft: 0 }
  if (there.lifecycle === 'deleted') return { ...sent, outcome: 'deleted' }
  if (there.sent === digest) return { ...sent, outcome: 'unchanged' }
  const params = run.data.params.map(({ key, value }) => ({ key: exportName(key), value }))
  for (const batch of batchesOf(params, limits.paramsPerBatch)) await log(remote, there.id, { params: batch })
  for (const batch of batchesOf(tags, limits.tagsPerBatch)) await log(remote, there.id, { tags: batch })
  let points = 0
  for (const { key } of run.data.metrics) points += await exportHistory(to, uuid, key, there)
  await exportInputs(remote, there.id, run)
  const place = proxiedPlace(there.artifactUri)
  for (const file of place === undefined ? [] : files) {
    const { content, mediaType } = await readRunFile(store, uuid, file.path)
    await remote.put(`${place}/${file.path}`, content, mediaType ?? 'application/octet-stream')
  }
  const { status, end_time } = run.info
  await remote.call('POST', 'runs/update', {
    run_id: there.id,
    status,
    ...(end_time === undefined ? {} : { end_time }),
  })
  // Last: what broke off before is sent again, and found there already.
  await log(remote, there.id, { tags: [{ key: sentTag, value: digest }] })
  return {
    ...sent,
    outcome: there.isNew ? 'created' : 'updated',
    points,
    files: place === undefined ? 0 : files.length,
    filesLeft: place === undefined ? files.length : 0,
  }
}

const log = (remote: Remote, run: string, fields: JsonObject): Promise<unknown> =>
  remote.call('POST', 'runs/log-batch', { run_id: run, ...fields })

/** A parent that has not been sent is told by its id here. */
function tagsOf({ info, data }: ShownRun, parents: ReadonlyMap<string, string>): JsonObject[] {
  const tags = data.tags.flatMap(({ key, value }) => {
    // Of a run that came from elsewhere itself.
    if (key === runTag || key === sentTag) return []
    if (key !== 'mlflow.parentRunId') return [{ key: exportName(key), value }]
    const parent = parents.get(value)
    return [parent === undefined ? { key: 'viewcast.parent_run_id', value } : { key, value: parent }]
  })
  return [...tags, { key: runTag, value: info.run_id }]
}

interface RemoteRun {
  readonly id: string
  readonly artifactUri: string
  readonly lifecycle: string
  readonly sent: string | undefined
  readonly isNew: boolean
}

async function findOrCreate(
  { remote, experiment }: RunExport,
  run: ShownRun,
  tags: readonly JsonObject[],
): Promise<RemoteRun> {
  const { run_id, run_name, start_time } = run.info
  const find = async (): Promise<RunJson | undefined> => {
    const found = await remote.call('POST', 'runs/search', {
      experiment_ids: [experiment],
      filter: `tags.\`${runTag}\` = '${run_id}'`,
      run_view_type: 'ALL',
      max_results: 1,
    })
    return (found?.['runs'] as RunJson[] | undefined)?.[0]
  }
  const there = await find()
  if (there) return remoteRun(there, false)
  const made = await remote.create(
    'runs/create',
    {
      experiment_id: experiment,
      run_name,
      start_time,
      user_id: run.data.tags.find((t) => t.key === 'mlflow.user')?.value ?? '',
      tags: tags.filter((t) => t['key'] === runTag || t['key'] === 'mlflow.user'),
    },
    find,
  )
  return remoteRun('info' in made ? (made as RunJson) : (made['run'] as unknown as RunJson), true)
}

interface RunJson {
  readonly info: { readonly run_id: string; readonly artifact_uri: string; readonly lifecycle_stage: string }
  readonly data?: { readonly tags?: readonly Pair[] }
}

const remoteRun = ({ info, data }: RunJson, isNew: boolean): RemoteRun => ({
  id: info.run_id,
  artifactUri: info.artifact_uri,
  lifecycle: info.lifecycle_stage,
  sent: data?.tags?.find((t) => t.key === sentTag)?.value,
  isNew,
})

/** Not every server notices a point that it has already, so those are left out. */
async function exportHistory(
  { store, remote }: RunExport,
  run: string,
  key: string,
  there: RemoteRun,
): Promise<number> {
  const name = exportName(key)
  const known = there.isNew ? new Set<string>() : await remoteHistory(remote, there.id, name)
  let points = 0
  let after: { step: number; at: number; value: number } | undefined
  do {
    const page = await metricHistory(store, run, key, { limit: 10_000, ...(after ? { after } : {}) })
    const fresh = page.points.filter((p) => !known.has(pointKey(p.step, p.at, p.value)))
    const metrics = fresh.map(({ step, at, value }) => ({ key: name, value: doubleJson(value), timestamp: at, step }))
    for (const batch of batchesOf(metrics, limits.metricsPerBatch)) await log(remote, there.id, { metrics: batch })
    points += fresh.length
    after = page.next
  } while (after)
  return points
}

async function remoteHistory(remote: Remote, run: string, key: string): Promise<Set<string>> {
  const known = new Set<string>()
  let token: unknown = ''
  do {
    const page: JsonObject | undefined = await remote.call('GET', 'metrics/get-history', {
      run_id: run,
      metric_key: key,
      ...(token ? { page_token: token as string } : {}),
    })
    for (const m of (page?.['metrics'] as { step?: number; timestamp: number; value: number | string }[] | undefined) ??
      []) {
      known.add(pointKey(Number(m.step ?? 0), Number(m.timestamp), Number(m.value)))
    }
    token = page?.['next_page_token']
  } while (token)
  return known
}

/** MLflow keeps infinities as the largest double. */
const pointKey = (step: number, at: number, value: number): string =>
  `${step} ${at} ${Number.isNaN(value) ? value : Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE)}`

async function exportInputs(remote: Remote, run: string, { inputs }: ShownRun): Promise<void> {
  const datasets = inputs.dataset_inputs.map(
    ({ tags, dataset }): JsonObject => ({
      tags: tags.map(({ key, value }) => ({ key, value })),
      dataset: { ...dataset, digest: exportDigest(String(dataset['digest'])) },
    }),
  )
  if (datasets.length > 0) await remote.call('POST', 'runs/log-inputs', { run_id: run, datasets })
}

/** Where the server itself takes files; undefined when its clients write elsewhere, to S3 or a disk. */
export const proxiedPlace = (uri: string): string | undefined =>
  /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.+)$/.exec(uri)?.[1]?.replace(/\/+$/, '')
