/** Runs beside each other. */
import { fail, type ModelRecord, parseModelRecord } from '@viewcast/compiler'
import { getRun, type RunArtifact, type RunDetails } from '../runs/run-details.ts'
import { atomically, type Store } from '../store.ts'

/** One thing of all runs; `null` for a run that does not have it. */
export interface ComparedRow<T extends string | number> {
  readonly name: string
  /** In the order of the runs. */
  readonly values: readonly (T | null)[]
  /** Whether they are not all the same. */
  readonly differs: boolean
}

export interface ComparedNumbers extends ComparedRow<number> {
  /** What is more than in the first run; null where one of both is missing or no number, and for the first run. */
  readonly deltas: readonly (number | null)[]
}

export interface ComparedRuns {
  /** The first is the one the others are measured by. */
  readonly runs: readonly RunDetails[]
  readonly attributes: readonly ComparedRow<string>[]
  readonly params: readonly ComparedRow<string>[]
  readonly metrics: readonly ComparedNumbers[]
  readonly tags: readonly ComparedRow<string>[]
  /** Versions of what was read, by name and role. */
  readonly inputs: readonly ComparedRow<string>[]
  /** Of the models the runs made; empty unless at least two made one. */
  readonly coefficients: readonly ComparedNumbers[]
}

/**
 * Compares runs with the first of them: what each was, was given, measured, read and learned.
 *
 * Costs the statements of {@link getRun} for each run, and one for the models; the history of metrics is not read.
 *
 * Errors: `run/not-active` for a run that is not there, `search/compare` for fewer than 2 or more than 50.
 *
 * @example
 * ```ts
 * const { metrics } = await compareRuns(store, [before, after])
 * metrics.filter((m) => m.differs) // [{ name: 'test.auc', values: [0.71, 0.74], deltas: [null, 0.03], … }]
 * ```
 */
export async function compareRuns(store: Store, ids: readonly string[]): Promise<ComparedRuns> {
  if (ids.length < 2 || ids.length > 50) fail('search/compare', { count: String(ids.length) })
  return atomically(store, async (inside) => {
    const runs: RunDetails[] = []
    for (const id of ids) runs.push(await getRun(inside, id))
    const records = await recordsOf(inside, runs)
    return {
      runs,
      attributes: rows(runs.map(attributes)),
      params: rows(runs.map((r) => r.params)),
      metrics: numbers(runs.map((r) => Object.fromEntries(r.metrics.map((m) => [m.name, m.value])))),
      tags: rows(runs.map((r) => r.tags)),
      inputs: rows(runs.map((r) => Object.fromEntries(r.inputs.map((i) => [inputName(i), inputVersion(i)])))),
      coefficients: records.filter((r) => r !== undefined).length < 2 ? [] : numbers(records.map(coefficients)),
    }
  })
}

const attributes = (r: RunDetails): Readonly<Record<string, string>> =>
  present({
    kind: r.kind,
    name: r.name,
    experiment: r.experiment?.name,
    state: r.state,
    user: r.user,
    commit: r.source.commit,
    branch: r.source.branch,
    dirty: r.source.dirty === undefined ? undefined : String(r.source.dirty),
    error: r.error?.message,
  })

const present = (all: Readonly<Record<string, string | null | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(all).flatMap(([key, value]) => (value == null ? [] : [[key, value]])))

const inputName = ({ kind, name, role }: RunArtifact): string => `${kind} ${name}${role === '' ? '' : ` (${role})`}`
const inputVersion = ({ version, digest }: RunArtifact): string =>
  `version ${version}${digest === null ? '' : `, ${digest.slice(0, 12)}`}`

/** Keys in order of the first run that has them. */
function rows<T extends string | number>(all: readonly Readonly<Record<string, T>>[]): ComparedRow<T>[] {
  const names = new Set(all.flatMap((one) => Object.keys(one)))
  return [...names].map((name) => {
    const values = all.map((one) => (Object.hasOwn(one, name) ? (one[name] as T) : null))
    return { name, values, differs: values.some((v) => !isSame(v, values[0])) }
  })
}

/** NaN is as NaN here, and 0 as -0. */
const isSame = (a: unknown, b: unknown): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

const numbers = (all: readonly Readonly<Record<string, number>>[]): ComparedNumbers[] =>
  rows(all).map((row) => ({ ...row, deltas: row.values.map((v, i) => (i === 0 ? null : delta(v, row.values[0]))) }))

function delta(value: number | null, base: number | null | undefined): number | null {
  if (value === null || base == null) return null
  const difference = value - base
  // Infinity less Infinity, too.
  return Number.isNaN(difference) ? null : difference
}

/** The record of the model that each run made, the last of several. */
async function recordsOf({ db }: Store, runs: readonly RunDetails[]): Promise<readonly (ModelRecord | undefined)[]> {
  const made = runs.map((r) => r.outputs.filter((o) => o.kind === 'model').at(-1)?.id)
  const found = await db.rows<{ id: string; record: string }>(
    'SELECT artifact_id AS id, record FROM viewcast.model_version WHERE artifact_id = ANY ($1::uuid[])',
    [made.filter((id) => id !== undefined)],
  )
  const texts = new Map(found.map((f) => [f.id, f.record]))
  return made.map((id) => {
    const text = id === undefined ? undefined : texts.get(id)
    return text === undefined ? undefined : parseModelRecord(text, `the model of run ${id}`)
  })
}

/** By name, with the class in front where there are several. */
const coefficients = (record: ModelRecord | undefined): Readonly<Record<string, number>> =>
  Object.fromEntries(
    (record?.coefficients ?? []).map((c) => [
      record?.classes === undefined ? c.name : `${c.class}: ${c.name}`,
      c.estimate,
    ]),
  )
