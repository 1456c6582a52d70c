/** Runs named as people name them: by the beginning of their id, or as the latest. */
import { fail } from '@viewcast/compiler'
import type { Store } from '../store.ts'

export interface FindRunOptions {
  /** What `latest` is the last of; default runs of every kind. */
  readonly kinds?: readonly string[]
  /** Default `all`: what was deleted can be named, to look at it or to restore it. */
  readonly lifecycle?: 'active' | 'deleted' | 'all'
}

const shortest = 4
/** Of several that fit, so many are told. */
const told = 5

/**
 * The id of the run that is meant by the beginning of an id, at least four characters with dashes or without, or by
 * `latest`: the one that was started last.
 *
 * One statement, which reads a range of an index.
 *
 * Errors: `run/reference` when no run is meant, or several are.
 *
 * @example
 * ```ts
 * await findRun(store, '0199d2a4') // '0199d2a4-77c0-7d55-a1f0-3a6b1c5f0e11'
 * ```
 * ```sql
 * SELECT … FROM viewcast.execution r WHERE r.id BETWEEN '0199d2a4-0000-…' AND '0199d2a4-ffff-…' …
 * ```
 */
export async function findRun(
  { db }: Store,
  reference: string,
  { lifecycle = 'all', kinds }: FindRunOptions = {},
): Promise<string> {
  const refuse = (detail: string): never => fail('run/reference', { run: reference, detail })
  const order = 'r.started_at DESC, r.id DESC'
  if (reference === 'latest') {
    const [last] = await db.rows<{ id: string }>(
      `SELECT r.id FROM viewcast.execution r
       WHERE r.lifecycle = 'active' AND ($1::text[] IS NULL OR r.kind = ANY ($1)) ORDER BY ${order} LIMIT 1`,
      [kinds ?? null],
    )
    return last?.id ?? refuse(`there are no runs ${kinds === undefined ? '' : `of ${kinds.join(', ')} `}yet`)
  }
  const digits = reference.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]*$/.test(digits) || digits.length > 32)
    return refuse('an id has up to 32 of the digits 0 to 9 and a to f')
  if (digits.length < shortest) return refuse(`it has fewer than ${shortest} digits`)
  const found = await db.rows<{ id: string; kind: string; name: string }>(
    `SELECT r.id, r.kind, r.name FROM viewcast.execution r
     WHERE r.id BETWEEN $1::uuid AND $2::uuid AND ($3 = 'all' OR r.lifecycle = $3) ORDER BY ${order} LIMIT ${told + 1}`,
    [digits.padEnd(32, '0'), digits.padEnd(32, 'f'), lifecycle],
  )
  const [first] = found
  if (first === undefined) return refuse('no run has an id that begins with it')
  if (found.length === 1) return first.id
  const some = found.slice(0, told).map((r) => `${r.id} (${r.kind} ${r.name})`)
  return refuse(
    `${found.length > told ? `more than ${told}` : found.length} runs have an id that begins with it: ${some.join(', ')}`,
  )
}

/**
 * The beginnings of ids that no other run shares, all of one length and at least 8 characters; ids are made from the time,
 * so that runs of one minute begin alike.
 *
 * One statement with two probes of an index for each run.
 */
export async function shortRunIds({ db }: Store, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db.rows<{ id: string; before: string | null; after: string | null }>(
    `SELECT u.id, b.id AS before, a.id AS after FROM unnest($1::uuid[]) AS u(id)
     LEFT JOIN LATERAL (SELECT e.id FROM viewcast.execution e WHERE e.id < u.id ORDER BY e.id DESC LIMIT 1) AS b ON true
     LEFT JOIN LATERAL (SELECT e.id FROM viewcast.execution e WHERE e.id > u.id ORDER BY e.id LIMIT 1) AS a ON true`,
    [ids],
  )
  const needed = rows.flatMap(({ id, before, after }) => [before, after].map((other) => shared(id, other ?? '') + 1))
  const length = Math.max(8, ...needed)
  // A dash tells nothing at the end.
  return new Map(ids.map((id) => [id, id.slice(0, length).replace(/-$/, '')]))
}

function shared(a: string, b: string): number {
  let n = 0
  while (n < a.length && a[n] === b[n]) n++
  return n
}
