/** Names that point at versions of a model: `production`, `champion`, … */
import { fail, instant, nearParameter } from '@viewcast/compiler'
import { findAsset } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import { isAliasName } from './model-selector.ts'

export interface AliasChange {
  readonly alias: string
  /** Version it pointed at before; null when it was not there. */
  readonly before: number | null
  /** Version it points at now; null when it is gone. */
  readonly version: number | null
  /** False when it pointed there already. */
  readonly changed: boolean
}

export interface AliasOptions {
  /** Why, as the history has it. */
  readonly reason?: string
  /** Only if the alias still points at this version; null: only if it is not there. */
  readonly expected?: number | null
}

/** An interval of an alias's history. Instants are the server's, in UTC. */
export interface AliasInterval {
  readonly alias: string
  readonly version: number
  readonly from: string
  /** Null while it lasts. */
  readonly to: string | null
  readonly actor: string | null
  readonly reason: string | null
  /** Who ended it, by pointing the alias elsewhere or by removing it. */
  readonly endedBy: string | null
  readonly endedReason: string | null
}

/**
 * Points an alias of a model at a version. Every change is in the history with who made it and why; of two at once both
 * are, one after the other, and the later one holds. Pointing it where it points changes nothing.
 *
 * One call of a function, after one that finds the model; it waits for others that change the same model.
 *
 * Errors: `model/alias-name`; `model/not-trained` for a version that is not there, `model/deleted` for a deleted one;
 * `model/alias-moved` when it points elsewhere than `expected`.
 *
 * @example
 * ```ts
 * await promoteModel(store, 'delay15', 'production', 4, { reason: 'AUC 0.71 on March', expected: 3 })
 * // { alias: 'production', before: 3, version: 4, changed: true }
 * ```
 * ```sql
 * SELECT * FROM viewcast.set_alias($1, 'production', 4, 3, 'me', 'AUC 0.71 on March')
 * ```
 */
export async function promoteModel(
  store: Store,
  model: string,
  alias: string,
  version: number,
  options: AliasOptions = {},
): Promise<AliasChange> {
  if (!isAliasName(alias)) fail('model/alias-name', { alias })
  const asset = (await findAsset(store, { kind: 'model', name: model })) ?? fail('model/not-trained', { model })
  const [row] = await store.db.rows<{ outcome: string; version_before: number | null }>(
    'SELECT outcome, version_before FROM viewcast.set_alias($1, $2, $3, $4, $5, $6)',
    [asset, alias, version, expectedNumber(options), store.actor, options.reason ?? null],
  )
  const before = row?.version_before ?? null
  if (row?.outcome === 'unknown') fail('model/not-trained', { model, version: String(version) })
  if (row?.outcome === 'deleted') fail('model/deleted', { model, version: String(version) })
  if (row?.outcome === 'moved') moved(model, alias, before, options)
  return { alias, before, version, changed: row?.outcome === 'set' }
}

/**
 * Removes an alias of a model; its history stays.
 *
 * Errors: `model/no-alias`, `model/alias-moved`.
 */
export async function demoteModel(
  store: Store,
  model: string,
  alias: string,
  options: AliasOptions = {},
): Promise<AliasChange> {
  const asset = (await findAsset(store, { kind: 'model', name: model })) ?? fail('model/not-trained', { model })
  const [row] = await store.db.rows<{ outcome: string; version_before: number | null }>(
    'SELECT outcome, version_before FROM viewcast.remove_alias($1, $2, $3, $4, $5)',
    [asset, alias, expectedNumber(options), store.actor, options.reason ?? null],
  )
  const before = row?.version_before ?? null
  if (row?.outcome === 'moved') moved(model, alias, before, options)
  if (row?.outcome === 'unknown') noAlias(model, alias, Object.keys(await aliasesOf(store, model)))
  return { alias, before, version: null, changed: true }
}

const expectedNumber = ({ expected }: AliasOptions): number | null =>
  expected === undefined ? null : expected === null ? 0 : expected

function moved(model: string, alias: string, before: number | null, { expected }: AliasOptions): never {
  return fail('model/alias-moved', {
    model,
    alias,
    now: before === null ? 'is not there' : `points at version ${before}`,
    expected: expected === null ? 'no version' : `version ${expected}`,
  })
}

export function noAlias(model: string, alias: string, known: readonly string[], at?: string): never {
  const all = known.length === 0 ? {} : { known: [...known].sort().join(', ') }
  return fail('model/no-alias', {
    model,
    alias,
    ...all,
    ...(at === undefined ? {} : { at }),
    ...nearParameter(alias, known),
  })
}

/** Aliases of a model with the versions they point at. One statement. */
export async function aliasesOf({ db, project }: Store, model: string): Promise<Readonly<Record<string, number>>> {
  const rows = await db.rows<{ alias: string; version: number }>(
    `SELECT l.alias, a.version FROM viewcast.alias l
     JOIN viewcast.artifact a ON a.id = l.artifact_id JOIN viewcast.asset m ON m.id = l.asset_id
     WHERE (m.kind, m.namespace, m.name) = ('model', $1, $2) ORDER BY 1`,
    [project, model],
  )
  return Object.fromEntries(rows.map((r) => [r.alias, r.version]))
}

/**
 * The history of a model's aliases, or of one, newest first. One statement.
 *
 * @example
 * ```ts
 * await aliasHistory(store, 'delay15', { alias: 'production' })
 * // [{ alias: 'production', version: 4, from: '2026-03-01 09:12:07.1+00', to: null, actor: 'me', reason: 'AUC 0.71', … }, …]
 * ```
 */
export async function aliasHistory(
  { db, project }: Store,
  model: string,
  options: { readonly alias?: string } = {},
): Promise<readonly AliasInterval[]> {
  return db.rows<AliasInterval & Record<string, unknown>>(
    `SELECT alias, version, valid_from AS "from", valid_to AS "to", actor, reason, ended_by AS "endedBy",
       ended_reason AS "endedReason"
     FROM viewcast.model_aliases WHERE (project, model) = ($1, $2) AND ($3::text IS NULL OR alias = $3)
     ORDER BY valid_from DESC, alias`,
    [project, model, options.alias ?? null],
  )
}

/**
 * The version an alias pointed at at an instant; undefined when it was not there. An interval has its beginning and not
 * its end. One statement.
 *
 * Errors: `time/instant`.
 *
 * @param at ISO instant with a zone, such as `2026-03-01T00:00Z`.
 *
 * @example
 * ```ts
 * await aliasAt(store, 'delay15', 'production', '2026-03-01T00:00Z') // 3
 * ```
 */
export async function aliasAt(
  { db, project }: Store,
  model: string,
  alias: string,
  at: string,
): Promise<number | undefined> {
  const [row] = await db.rows<{ version: number }>(
    `SELECT version FROM viewcast.model_aliases
     WHERE (project, model, alias) = ($1, $2, $3) AND valid_from <= $4::timestamptz
       AND (valid_to IS NULL OR valid_to > $4::timestamptz)`,
    [project, model, alias, instant(at) ?? fail('time/instant', { value: at })],
  )
  return row?.version
}
