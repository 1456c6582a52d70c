/** The versions that are served, and the change from one to the next while requests are answered. */
import { fail, type ModelRecord } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { Scored } from '../predict/prepared-together.ts'
import { identityOf, mayPass } from './challenged.ts'
import { type Pauses, pauses } from './pauses.ts'
import { type ServedModel, type ServedVersion, type ServedVersionOptions, servedVersion } from './served-version.ts'

export interface Following {
  /** By name, in the order given. */
  readonly current: ReadonlyMap<string, ServedVersion>
  /** Models whose next version could not be served, so that the old one is. */
  readonly behind: ReadonlySet<string>
  /** Looks now whether there is another version. */
  look(): Promise<void>
  /** Has the statement of a model compiled again at the next look: the tables it reads have changed. */
  outdated(name: string): void
  stop(): Promise<void>
}

export interface FollowingOptions extends ServedVersionOptions {
  /** Milliseconds between two looks; 0 for none. */
  readonly every: number
  readonly onChange: (version: ServedVersion, before: ServedVersion) => void
  readonly onError: (error: unknown) => void
}

/** Errors: `serve/name`, and those of {@link servedVersion} for the first version of each. */
export async function following(
  db: Database,
  served: readonly ServedModel[],
  options: FollowingOptions,
): Promise<Following> {
  const current = new Map<string, ServedVersion>()
  /** Whose challengers nobody could name the last time. */
  const unsaid = new Set<string>()
  for (const one of served) {
    if (current.has(one.name)) fail('serve/name', { name: one.name })
    const version = await one.version()
    const wanted = await challengersOf(one, options)
    if (!wanted) unsaid.add(one.name)
    const first = await servedVersion(db, one, version, wanted ?? {}, options)
    tellRefused(first, undefined, options)
    current.set(one.name, first)
  }
  const behind = new Set<string>()
  const outdated = new Set<string>()
  const retries = new Map<string, Pauses>()
  const retriesOf = (name: string): Pauses => {
    const known = retries.get(name) ?? pauses()
    retries.set(name, known)
    return known
  }
  const next = async (one: ServedModel): Promise<void> => {
    const before = current.get(one.name)
    try {
      const record = await one.version()
      const isOutdated = outdated.has(one.name)
      const isKept = before !== undefined && isSame(before.record, record)
      // Where nobody can say which they are, they stay who they were; of another version they are none until it can be said.
      const wanted = await challengersOf(one, options, () => unsaid.has(one.name))
      if (wanted) unsaid.delete(one.name)
      else unsaid.add(one.name)
      const isWanted = wanted === undefined || before?.wanted === identityOf(wanted)
      const isAsBefore = isWanted && !(before?.refused.some(mayPass) && retriesOf(one.name).tries())
      if (isKept && isAsBefore && !isOutdated) return void behind.delete(one.name)
      const after = await servedVersion(db, one, record, wanted ?? {}, options)
      outdated.delete(one.name)
      if (after.refused.some(mayPass)) retriesOf(one.name).failed()
      else retriesOf(one.name).answered()
      if (isKept && !isOutdated && isServedAlike(before, after)) return void behind.delete(one.name)
      tellRefused(after, before, options)
      // Requests under way hold the version they began with.
      current.set(one.name, after)
      behind.delete(one.name)
      if (before && !isKept) options.onChange(after, before)
    } catch (error) {
      if (!behind.has(one.name)) options.onError(error)
      behind.add(one.name)
    }
  }
  let looking: Promise<void> | undefined
  const look = (): Promise<void> => {
    looking ??= (async () => {
      for (const one of served) await next(one)
    })().finally(() => {
      looking = undefined
    })
    return looking
  }
  const timer = options.every > 0 ? setInterval(() => void look(), options.every) : undefined
  timer?.unref()
  return {
    current,
    behind,
    look,
    outdated: (name) => void outdated.add(name),
    async stop() {
      clearInterval(timer)
      await looking
    },
  }
}

const isSame = (a: ModelRecord, b: ModelRecord): boolean => a.version === b.version && a.trainedAt === b.trainedAt

/** Undefined where it cannot be said which they are: that is told, once in a row, and no reason to serve less. */
async function challengersOf(
  one: ServedModel,
  { onError }: FollowingOptions,
  wasTold = (): boolean => false,
): Promise<Readonly<Record<string, Scored>> | undefined> {
  try {
    return (await one.challengers?.()) ?? {}
  } catch (error) {
    if (!wasTold()) onError(error)
    return undefined
  }
}

function tellRefused(after: ServedVersion, before: ServedVersion | undefined, { onError }: FollowingOptions): void {
  const told = new Set(before?.wanted === after.wanted ? before.refused.map((r) => r.label) : [])
  for (const { label, error } of after.refused) if (!told.has(label)) onError(error)
}

/** Another try changed nothing: what was prepared and logged under the one before goes on. */
const isServedAlike = (before: ServedVersion, after: ServedVersion): boolean =>
  before.wanted === after.wanted &&
  before.statement === after.statement &&
  before.challenged?.statement === after.challenged?.statement
