/** Everything that is kept of one run. */

import { fail } from '@viewcast/compiler'
import { isId } from '../new-id.ts'
import type { LoggedMetric } from '../search/logged.ts'
import { atomically, type Store } from '../store.ts'
import { listFiles, type RunFile } from './files.ts'
import type { RunSource } from './git.ts'
import type { RunError } from './run-error.ts'
import type { RunState } from './started.ts'

export interface RunRow {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly experiment: { readonly id: string; readonly name: string; readonly seq: number } | null
  readonly parent: string | null
  readonly job: string | null
  readonly key: string | null
  readonly attempt: number
  readonly state: RunState
  /** UTC, as the database writes it: `2026-11-21 09:00:00.123+00`. */
  readonly startedAt: string
  readonly endedAt: string | null
  readonly seconds: number | null
  readonly leaseUntil: string | null
  readonly worker: string | null
  readonly user: string | null
  readonly source: RunSource
  readonly environment: Readonly<Record<string, unknown>>
  readonly lifecycle: 'active' | 'deleted'
  readonly deletedAt: string | null
  readonly error: RunError | null
  /** Markdown. */
  readonly note: string | null
  readonly props: Readonly<Record<string, unknown>>
}

export interface LatestMetric extends LoggedMetric {
  readonly name: string
}

/** A version of an asset that a run read or wrote. */
export interface RunArtifact {
  readonly id: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly version: number
  readonly direction: 'in' | 'out'
  readonly role: string
  readonly digest: string | null
  readonly uri: string | null
  readonly props: Readonly<Record<string, unknown>>
}

export interface RunChild {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly state: RunState
}

export interface RunDetails extends RunRow {
  readonly params: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly metrics: readonly LatestMetric[]
  readonly files: readonly RunFile[]
  readonly inputs: readonly RunArtifact[]
  readonly outputs: readonly RunArtifact[]
  readonly children: readonly RunChild[]
}

/**
 * Everything of one run, deleted ones included: params, tags, latest metrics, names of files, inputs and outputs, children.
 * History of metrics is {@link metricHistory}. Seven statements, whatever is there.
 *
 * Errors: `run/not-active` when it is not there.
 */
export function getRun(store: Store, id: string): Promise<RunDetails> {
  return atomically(store, async (inside) => {
    const { db } = inside
    const [row] = isId(id) ? await db.rows<RunRow>(selectRun, [id]) : []
    if (!row) fail('run/not-active', { run: id })
    const artifacts = await db.rows<RunArtifact>(selectArtifacts, [id])
    return {
      ...row,
      params: pairs(await db.query('SELECT key, value FROM viewcast.param WHERE execution_id = $1 ORDER BY key', [id])),
      tags: pairs(await db.query('SELECT key, value FROM viewcast.run_tag WHERE execution_id = $1 ORDER BY key', [id])),
      metrics: await db.rows<LatestMetric>(selectMetrics, [id]),
      files: await listFiles(inside, id),
      inputs: artifacts.filter((a) => a.direction === 'in'),
      outputs: artifacts.filter((a) => a.direction === 'out'),
      children: await db.rows<RunChild>(
        `SELECT id, kind, name, state FROM viewcast.execution WHERE parent_id = $1 AND lifecycle = 'active' ORDER BY started_at, id`,
        [id],
      ),
    }
  })
}

const pairs = ({ rows }: { readonly rows: readonly (readonly unknown[])[] }): Record<string, string> =>
  Object.fromEntries(rows.map(([key, value]) => [String(key), String(value)]))

const selectRun = `
  SELECT e.id, e.kind, e.name,
    CASE WHEN c.id IS NOT NULL THEN jsonb_build_object('id', c.id, 'name', c.name, 'seq', c.seq) END AS experiment,
    e.parent_id AS parent, j.name AS job, e.idem_key AS key, e.attempt, e.state,
    e.started_at AS "startedAt", e.ended_at AS "endedAt",
    extract(epoch FROM e.ended_at - e.started_at)::float8 AS seconds,
    e.lease_until AS "leaseUntil", e.worker, e.user_name AS "user",
    jsonb_strip_nulls(jsonb_build_object('uri', e.source_uri, 'commit', e.source_version, 'branch', e.source_branch,
      'dirty', e.source_dirty)) AS source,
    e.environment, e.lifecycle, e.deleted_at AS "deletedAt", e.error, e.note, e.props
  FROM viewcast.execution e
  LEFT JOIN viewcast.context c ON c.id = e.experiment_id
  LEFT JOIN viewcast.job j ON j.id = e.job_id
  WHERE e.id = $1`

const selectMetrics = `
  SELECT k.name, l.value, l.step::float8 AS step, l.ts_ms::float8 AS at, l.min, l.max, l.n::float8 AS n
  FROM viewcast.metric_latest l JOIN viewcast.metric_key k ON k.id = l.key_id
  WHERE l.execution_id = $1 ORDER BY k.name`

const selectArtifacts = `
  SELECT a.id, s.kind, s.namespace, s.name, a.version, v.direction, v.role, a.digest, a.uri, a.props
  FROM viewcast.event v JOIN viewcast.artifact a ON a.id = v.artifact_id JOIN viewcast.asset s ON s.id = a.asset_id
  WHERE v.execution_id = $1 ORDER BY s.kind, s.namespace, s.name, a.version, v.role`
