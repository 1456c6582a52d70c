/** Sends runs to another server of MLflow. */

import { fail } from '@viewcast/compiler'
import { searchRuns } from '../store/search/search-runs.ts'
import type { Store } from '../store/store.ts'
import { exportModels } from './export-models.ts'
import { exportRun, type SentRun, type ShownRun } from './export-run.ts'
import { hexOf } from './ids.ts'
import { type Remote, type RemoteOptions, remoteOf } from './remote.ts'
import { runsJson } from './run-rows.ts'

export interface ExportRunsOptions extends RemoteOptions {
  /** Names of experiments; default all. */
  readonly experiments?: readonly string[]
  /** Which runs, in the language of `searchRuns`; default all. */
  readonly filter?: string
  /** Whether files go along; default true. */
  readonly files?: boolean
  /** Whether versions of models that the runs made are registered there; default true. */
  readonly models?: boolean
  /** Called after each run. */
  readonly onProgress?: (runs: number) => void
}

export interface ExportedRuns {
  /** Without secrets. */
  readonly server: string
  readonly created: number
  readonly updated: number
  /** Sent before, and the same since. */
  readonly unchanged: number
  /** Deleted on the other side: nothing was sent. */
  readonly deleted: number
  /** Points of metrics sent. */
  readonly points: number
  readonly files: number
  /** Files that were not sent, because that server's clients write them elsewhere. */
  readonly filesLeft: number
  /** Versions of models that are new there. */
  readonly versions: number
}

/**
 * Sends runs to another server of MLflow: experiments by name, params, metrics with their history, tags, datasets, files, and
 * the versions of models they made, with aliases.
 *
 * Doing it again sends what is new: a run carries our id in the tag `viewcast.run_id` there, and a digest of what was
 * sent. What broke off goes on where it was. Requests hold at most what MLflow takes, and are tried again with growing
 * pauses when the server is busy or away. Costs a search of the other side per run, and one request per 1,000 points.
 *
 * Errors: `export/remote` when the server refuses or stays away; those of `searchRuns`.
 *
 * @example
 * ```ts
 * const { created, unchanged } = await exportRuns(store, { uri: 'https://mlflow.example.com', token })
 * ```
 */
export async function exportRuns(store: Store, options: ExportRunsOptions): Promise<ExportedRuns> {
  const remote = remoteOf(options)
  const sent = new Map<string, SentRun>()
  const experiments = new Map<string, string>()
  for await (const { run, experiment } of runsOf(store, options)) {
    options.signal?.throwIfAborted()
    const place = experiments.get(experiment) ?? (await ensureExperiment(remote, experiment))
    experiments.set(experiment, place)
    const parents = new Map([...sent].map(([id, { id: there }]) => [id, there]))
    sent.set(
      run.info.run_id,
      await exportRun({ store, remote, experiment: place, parents, withFiles: options.files ?? true }, run),
    )
    options.onProgress?.(sent.size)
  }
  const versions = options.models === false ? 0 : await exportModels(store, remote, sent)
  const all = [...sent.values()]
  const of = (outcome: SentRun['outcome']): number => all.filter((s) => s.outcome === outcome).length
  const sum = (count: (s: SentRun) => number): number => all.reduce((total, s) => total + count(s), 0)
  return {
    server: remote.description,
    created: of('created'),
    updated: of('updated'),
    unchanged: of('unchanged'),
    deleted: of('deleted'),
    points: sum((s) => s.points),
    files: sum((s) => s.files),
    filesLeft: sum((s) => s.filesLeft),
    versions,
  }
}

/** Oldest first, so that a run comes after the one it is part of. */
async function* runsOf(store: Store, { experiments, filter }: ExportRunsOptions) {
  let pageToken: string | undefined
  do {
    const page = await searchRuns(store, {
      ...(experiments ? { experiments } : {}),
      ...(filter === undefined ? {} : { filter }),
      orderBy: ['start_time ASC'],
      limit: 100,
      ...(pageToken === undefined ? {} : { pageToken }),
    })
    const shown = (await runsJson(
      store,
      page.items.map((r) => r.id),
    )) as unknown as ShownRun[]
    for (const run of shown) {
      const name = page.items.find((r) => hexOf(r.id) === run.info.run_id)?.experiment
      yield { run, experiment: name ?? 'Default' }
    }
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
}

async function ensureExperiment(remote: Remote, name: string): Promise<string> {
  const byName = () => remote.call('GET', 'experiments/get-by-name', { experiment_name: name })
  const found = await byName()
  // Whoever creates it at the same time creates it for us, too.
  const made = found ? undefined : await remote.call('POST', 'experiments/create', { name })
  if (made) return String(made['experiment_id'])
  const experiment = (found ?? (await byName()))?.['experiment'] as
    | { experiment_id: string; lifecycle_stage: string }
    | undefined
  if (experiment?.lifecycle_stage !== 'active') {
    fail('export/remote', {
      server: remote.description,
      detail: `has experiment "${name}", deleted: restore it there first`,
    })
  }
  return String(experiment.experiment_id)
}
