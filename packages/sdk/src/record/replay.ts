import type { ModelDef, ModelRecord } from '@viewcast/compiler'
import { type ReplayOptions, replayPredictions } from '../predict/replay/replay.ts'
import type { Replay, ReplayCause, ReplayedColumn } from '../predict/replay/replay-report.ts'
import { logBatch } from '../store/runs/batch.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import { type RecordedCheck, recordChecks } from './checks.ts'
import { recordModelUse } from './model-use.ts'
import { signalOf } from './signal.ts'

/**
 * Replays as {@link replayPredictions} does, as a run of the store: `replay/<column>` are its checks, `replay.equal`,
 * `replay.<cause>` and the like its metrics. A check fails with an error for what is ours to mend (skew, a changed
 * definition), with a warning for what sources do (rows that come late, or are changed).
 *
 * @example
 * ```ts
 * const { equal, rows, causes } = await replayRecorded(store, model, record, { from: '2024-03-01T00:00Z' })
 * ```
 */
export async function replayRecorded(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: ReplayOptions = {},
): Promise<Replay> {
  const { from, until, limit, run: logged, deployment } = options
  const asked = { from, until, limit, run: logged, deployment }
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  return withRun(
    store,
    {
      kind: 'replay',
      name: model.name,
      job: `${model.name}.replay`,
      params: { model: model.name, version: record.version, ...given },
      ...signalOf(options),
    },
    async (run) => {
      const replay = await replayPredictions(store, model, record, options)
      await atomically(store, async (inside) => {
        await recordModelUse(inside, run, record)
        await recordChecks(inside, run, { kind: 'model', name: model.name }, replay.columns.map(checkOf))
        await logBatch(inside, run.id, { metrics: metricsOf(replay) })
      })
      return replay
    },
  )
}

/** What is ours to mend. */
const faults: ReadonlySet<ReplayCause> = new Set(['skew', 'changed definition'])

/** Whether a replay found what is ours to mend: skew, or a changed definition. */
export const hasFaults = ({ causes }: Pick<Replay, 'causes'>): boolean =>
  Object.keys(causes).some((cause) => faults.has(cause as ReplayCause))

function checkOf({ column, view, compared, different, causes, moved }: ReplayedColumn): RecordedCheck {
  const { rounding = 0 } = causes
  const name = column ?? 'prediction'
  return {
    name: `replay/${name}`,
    ...(column === null ? {} : { column }),
    severity: hasFaults({ causes }) ? 'error' : 'warn',
    passed: different === rounding,
    detail: { compared, different, causes, ...(view === null ? {} : { view }), ...(moved ? { moved } : {}) },
  }
}

function metricsOf({ logged, rows, equal, causes, largestMovement }: Replay) {
  return [
    { name: 'replay.logged', value: logged },
    { name: 'replay.rows', value: rows },
    { name: 'replay.equal', value: equal },
    ...Object.entries(causes).map(([cause, n]) => ({ name: `replay.${cause.replaceAll(' ', '_')}`, value: n })),
    ...(largestMovement === null ? [] : [{ name: 'replay.largest_movement', value: largestMovement }]),
  ]
}
