/** Names of stages: the user's view names where possible, ours with a leading underscore, unique in the statement. */
export interface StageNames {
  /** A free name, `wanted` itself when it is. */
  readonly take: (wanted: string) => string
}

const maxBytes = 63
const encoder = new TextEncoder()

/**
 * `reserved` are the unqualified relations that users' texts read: a stage of that name would capture them.
 */
export function stageNames(reserved: Iterable<string>): StageNames {
  const taken = new Set(reserved)
  return {
    take(wanted) {
      let base = wanted
      while (encoder.encode(base).length > maxBytes - 4) base = base.slice(0, -1)
      let name = base
      for (let n = 2; taken.has(name); n++) name = `${base}_${n}`
      taken.add(name)
      return name
    },
  }
}
