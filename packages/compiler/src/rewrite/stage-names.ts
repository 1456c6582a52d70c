/** Names of stages: the user's view names where possible, ours with a leading underscore, unique in the statement. */
export interface StageNames {
  /**
   * A free name, `wanted` itself when it is. `readInTexts` says that users' texts will read the stage, so that none of their
   * own CTEs may have its name; stages with a leading underscore always may be read.
   */
  readonly take: (wanted: string, readInTexts?: boolean) => string
}

/** Names a stage must not have. */
export interface ReservedNames {
  /** Relations of the database that texts go on reading without a schema: a stage of that name would capture them. */
  readonly relations: ReadonlySet<string>
  /** CTEs of the texts, which would capture a stage of that name. */
  readonly ctes: ReadonlySet<string>
}

/** NAMEDATALEN − 1: the server cuts what is longer, and two names may become one. */
const maxBytes = 63
const encoder = new TextEncoder()

export function stageNames(reserved: ReservedNames, ...ours: readonly string[]): StageNames {
  const taken = new Set([...reserved.relations, ...ours])
  return {
    take(wanted, readInTexts = wanted.startsWith('_')) {
      const free = (name: string) => !taken.has(name) && !(readInTexts && reserved.ctes.has(name))
      let name = within(wanted, maxBytes)
      for (let n = 2; !free(name); n++) name = `${within(wanted, maxBytes - String(n).length - 1)}_${n}`
      taken.add(name)
      return name
    },
  }
}

/** The longest beginning of whole characters that fits. */
function within(name: string, bytes: number): string {
  if (encoder.encode(name).length <= bytes) return name
  const symbols = [...name]
  while (encoder.encode(symbols.join('')).length > bytes) symbols.pop()
  return symbols.join('')
}
