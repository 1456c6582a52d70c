/** The versions that are served, and the change from one to the next while requests are answered. */
import { fail, type ModelRecord } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
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
  for (const one of served) {
    if (current.has(one.name)) fail('serve/name', { name: one.name })
    current.set(one.name, await servedVersion(db, one, await one.version(), options))
  }
  const behind = new Set<string>()
  const outdated = new Set<string>()
  const next = async (one: ServedModel): Promise<void> => {
    const before = current.get(one.name)
    try {
      const record = await one.version()
      if (before && isSame(before.record, record) && !outdated.has(one.name)) return void behind.delete(one.name)
      const after = await servedVersion(db, one, record, options)
      outdated.delete(one.name)
      // Requests under way hold the version they began with.
      current.set(one.name, after)
      behind.delete(one.name)
      if (before) options.onChange(after, before)
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
