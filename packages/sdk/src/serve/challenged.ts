/** The challengers of a served version: which of them can be scored beside it, by what statement. */
import { fail, isViewcastError, type ModelRecord, type OutputChoice, withOutputs } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { preparedTogether, type Scored } from '../predict/prepared-together.ts'
import { checkVerificationRows } from '../predict/verify.ts'
import { type Pauses, pauses } from './pauses.ts'
import { type PreparedStatement, preparedStatement, tried } from './prepared-statement.ts'
import type { ServedModel, ServedVersionOptions } from './served-version.ts'

export interface ServedChallenger extends Scored {
  readonly label: string
  /** With the outputs that are served. */
  readonly record: ModelRecord
}

/** The statement that scores a version and its challengers, and who they are, in its order. */
export interface Challenged extends PreparedStatement {
  readonly challengers: readonly ServedChallenger[]
  readonly pauses: Pauses
}

export interface RefusedChallenger {
  readonly label: string
  readonly record: ModelRecord
  readonly error: unknown
}

export interface FoundChallengers {
  /** What tells these challengers from others. */
  readonly wanted: string
  readonly challenged: Challenged | undefined
  /** Those that cannot be scored here. */
  readonly refused: readonly RefusedChallenger[]
}

export const identityOf = (challengers: Readonly<Record<string, Scored>>): string =>
  JSON.stringify(Object.entries(challengers).map(([label, { record: r }]) => [label, r.name, r.version, r.trainedAt]))

/**
 * Takes one challenger after the other, as far as each can be compiled, agrees with its verification rows on this engine, and
 * runs: what is wrong with one of them is no reason to serve neither the others nor the champion. The version that is served is
 * no challenger of itself.
 */
export async function foundChallengers(
  db: Database,
  served: ServedModel,
  champion: ModelRecord,
  wanted: Readonly<Record<string, Scored>>,
  options: ServedVersionOptions,
): Promise<FoundChallengers> {
  let challenged: Challenged | undefined
  const refused: RefusedChallenger[] = []
  const isServed = ({ name, version }: ModelRecord) => name === champion.name && version === champion.version
  for (const [label, scored] of Object.entries(wanted)) {
    if (isServed(scored.record)) continue
    try {
      const one = { ...scored, label, record: withOutputs(scored.record, scored.outputs ?? served.outputs) }
      challenged = await withOne(db, served, champion, challenged?.challengers ?? [], one, options)
    } catch (error) {
      refused.push({ label, record: scored.record, error })
    }
  }
  return { wanted: identityOf(wanted), challenged, refused }
}

/** Whether it may go better another time: what a version is, and what its verification rows say, stays as it is. */
export const mayPass = ({ error }: RefusedChallenger): boolean =>
  !isViewcastError(error) || !error.diagnostics.some((d) => /^(compile|model|deploy)\//.test(d.code))

async function withOne(
  db: Database,
  served: ServedModel,
  record: ModelRecord,
  others: readonly ServedChallenger[],
  one: ServedChallenger,
  options: ServedVersionOptions,
): Promise<Challenged> {
  const verification = await checkVerificationRows(db, one.record)
  if (!verification.ok) fail('deploy/verification', { rows: verification.detail })
  const challengers = [...others, one]
  const prepared = await preparedTogether(db, [{ model: served.model, record }, ...challengers], options.directory)
  const [champion, ...beside] = prepared.all
  const labelled = Object.fromEntries(challengers.map((c, i) => [c.label, { ...c, ...plain(beside[i]) }]))
  const model = champion?.model ?? served.model
  const made = preparedStatement({ model, facts: prepared.facts }, record, labelled, options.withFeatures)
  await tried(db, made)
  return { ...made, challengers, pauses: pauses() }
}

const plain = (
  one: Scored | undefined,
): { readonly model?: Scored['model']; readonly outputs?: readonly OutputChoice[] } => (one ? { model: one.model } : {})
