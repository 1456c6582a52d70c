/** Which columns of a view name the thing it is about, and whether one row per key is proven. */
import type { SqlType } from '@viewcast/compiler'
import type { Candidate, KeyClue, NamedEntity } from './candidate.ts'
import { isBareKey, looksLikeKey } from './infer-names.ts'

export interface ChosenKey {
  readonly columns: readonly string[]
  /** The column that, with the key, makes rows unique. */
  readonly time?: string
  /** What proves it; undefined when nothing does. */
  readonly by?: KeyClue['by'] | 'spine'
  /** The entity the user named. */
  readonly named?: NamedEntity
  /** Other columns the rows would need to be unique, so that one time alone does not tell them apart. */
  readonly times?: readonly string[]
}

const times = new Set<SqlType | undefined>(['timestamptz', 'timestamp', 'date'])
export const isTime = (type: SqlType | undefined): boolean => times.has(type)

/**
 * The key of a view: what the user named, else what proves unique rows, else the columns of a known entity, else the
 * first column that is named like a key. Undefined when there is none.
 *
 * @param known key columns of the entities known so far
 */
export function chooseKey(
  candidate: Candidate,
  named: readonly NamedEntity[],
  known: readonly (readonly string[])[],
): ChosenKey | undefined {
  const has = new Set(candidate.columns.map((c) => c.name))
  const within = (columns: readonly string[]) => columns.length > 0 && columns.every((c) => has.has(c))
  const wanted = named.filter((n) => within(n.keys.map((k) => k.name)))
  const own = bySize(wanted, (n) => n.keys.length)[0]
  if (candidate.spine) {
    const read = candidate.spine.map((c) => c.name).filter((c) => has.has(c))
    const fits = own?.keys.every((k) => read.includes(k.name)) ? own : undefined
    const columns = fits?.keys.map((k) => k.name) ?? read
    return columns.length === 0 ? undefined : { columns, by: 'spine', ...(fits ? { named: fits } : {}) }
  }
  const proofs = proofsOf(candidate)
  if (own) {
    const columns = own.keys.map((k) => k.name)
    const proof = proofs.find((p) => p.columns.every((c) => columns.includes(c)))
    return { columns, named: own, ...(proof ? told(proof) : {}) }
  }
  const proof = best(proofs, known)
  if (proof) return { columns: proof.columns, ...told(proof) }
  const entity = bySize(known.filter(within), (k) => k.length)[0]
  if (entity) return { columns: entity }
  const first = candidate.columns.find((c) => looksLikeKey(c.name) && !isTime(c.type))
  return first && { columns: [first.name] }
}

interface Proof extends KeyClue {
  readonly times: readonly string[]
}

const told = (proof: Proof): Pick<ChosenKey, 'by' | 'time' | 'times'> => ({
  by: proof.by,
  ...(proof.times[0] === undefined ? {} : { time: proof.times[0] }),
  ...(proof.times.length > 1 ? { times: proof.times } : {}),
})

/** Proven keys, their columns divided into those that name a thing and those that tell time; fewest times first. */
function proofsOf({ keys, columns, time }: Candidate): Proof[] {
  const typeOf = new Map(columns.map((c) => [c.name, c.type]))
  return keys
    .filter((k) => k.columns.every((c) => typeOf.has(c)))
    .map((k) => {
      const tells = (c: string) => c === time || isTime(typeOf.get(c))
      return { by: k.by, columns: k.columns.filter((c) => !tells(c)), times: k.columns.filter(tells) }
    })
    .filter((p) => p.columns.length > 0)
    .sort((a, b) => a.times.length - b.times.length)
}

/** Of several proven keys the one a person would take: an entity's, a claim of dbt, few columns, named like keys. */
function best(proofs: readonly Proof[], known: readonly (readonly string[])[]): Proof | undefined {
  const isKnown = (p: Proof) =>
    known.some((k) => k.length === p.columns.length && k.every((c) => p.columns.includes(c)))
  const rank = (p: Proof): number =>
    (p.times.length > 0 ? 32 : 0) +
    (p.by === 'dbt' ? 0 : 16) +
    (p.columns.every(looksLikeKey) ? 0 : 8) +
    (isKnown(p) ? 0 : 4) +
    Math.min(p.columns.length, 3)
  return [...proofs].sort((a, b) => rank(a) - rank(b))[0]
}

const bySize = <T>(items: readonly T[], size: (item: T) => number): T[] => [...items].sort((a, b) => size(b) - size(a))

/** Key columns that only say "id" name different things in different tables. */
export const needsSource = (columns: readonly string[]): boolean => columns.length === 1 && isBareKey(columns[0] ?? '')
