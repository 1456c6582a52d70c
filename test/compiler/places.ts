/** A small world with ties, NULL keys and edges of windows, and what its features must be, computed row by row. */

import type { Database } from '@viewcast/sdk'
import { project } from '@viewcast/sdk'

export interface PlacesDB {
  readings: { id: number; place: string | null; at: Date; known_at: Date; amount: number | null; level: number }
  questions: { question: number; place: string | null; as_of: Date; wanted: number }
  places: { place: string; region: string; size: number | null }
}

const hour = 3_600_000
const start = Date.parse('2024-03-01T00:00:00Z')

/** Deterministic, with no relation to the order of the rows. */
const mix = (n: number): number => (Math.imul(n ^ 0x9e3779b9, 0x85ebca6b) >>> 8) % 1000

export interface Reading {
  id: number
  place: string | null
  at: number
  known: number
  amount: number | null
  level: number
}
export interface Question {
  question: number
  place: string | null
  asOf: number
}

const names = ['a', 'b', "o'c", 'é', null]

const readings: readonly Reading[] = Array.from({ length: 400 }, (_, i) => {
  const at = start + (mix(i) % 240) * hour
  return {
    id: i,
    place: names[mix(i * 7 + 1) % names.length] ?? null,
    at,
    known: at + (mix(i * 3 + 2) % 30) * hour,
    amount: mix(i * 5) % 9 === 0 ? null : (mix(i * 11) % 41) - 20,
    level: (mix(i * 13) % 100) / 7,
  }
})

/** Instants fall on the hours of readings on purpose: strictly before, and the start of a window inside. */
export const questions: readonly Question[] = Array.from({ length: 120 }, (_, i) => ({
  question: i,
  place: [...names, 'nowhere'][mix(i * 17) % 6] ?? null,
  asOf: start + (mix(i * 19) % 260) * hour,
}))

const instant = (t: number): string => `timestamptz '${new Date(t).toISOString()}'`
const text = (s: string | null): string => (s === null ? 'NULL' : `'${s.replaceAll("'", "''")}'`)

export async function createPlaces(db: Database): Promise<void> {
  await db.execute(`
    CREATE TABLE readings (id int4 PRIMARY KEY, place text, at timestamptz NOT NULL, known_at timestamptz NOT NULL, amount int4, level float8 NOT NULL);
    CREATE TABLE questions (question int4 PRIMARY KEY, place text, as_of timestamptz NOT NULL, wanted int4 NOT NULL);
    CREATE TABLE places (place text PRIMARY KEY, region text NOT NULL, size int4);
    INSERT INTO readings VALUES ${readings.map((r) => `(${r.id}, ${text(r.place)}, ${instant(r.at)}, ${instant(r.known)}, ${r.amount ?? 'NULL'}, ${r.level})`).join(', ')};
    INSERT INTO questions VALUES ${questions.map((q) => `(${q.question}, ${text(q.place)}, ${instant(q.asOf)}, ${mix(q.question * 23) % 2})`).join(', ')};
    INSERT INTO places VALUES ('a', 'north', 3), ('b', 'south', NULL), ('o''c', 'north', 5), ('é', 'east', 8);
  `)
}

/** What the views must give: the definition, written as plainly as it can be. */
export function expectedWindow(
  q: Question,
  hours: number,
  knownAt: boolean,
): { n: number; sum: number | null; avg: number | null } {
  const inside = readings.filter(
    (r) =>
      r.place !== null &&
      r.place === q.place &&
      r.at >= q.asOf - hours * hour &&
      r.at < q.asOf &&
      (!knownAt || r.known < q.asOf),
  )
  const amounts = inside.flatMap((r) => (r.amount === null ? [] : [r.amount]))
  const sum = amounts.length === 0 ? null : amounts.reduce((a, b) => a + b, 0)
  return { n: inside.length, sum, avg: sum === null ? null : sum / amounts.length }
}

/** The latest reading before the instant; ties on time are broken by the row as text, as the SQL says. */
export function expectedLatest(q: Question, maxAgeHours?: number): number | null {
  const before = readings.filter(
    (r) =>
      r.place !== null &&
      r.place === q.place &&
      r.at < q.asOf &&
      (maxAgeHours === undefined || r.at > q.asOf - maxAgeHours * hour),
  )
  const latest = Math.max(...before.map((r) => r.at))
  const tied = before.filter((r) => r.at === latest)
  return tied.length === 1 ? (tied[0]?.level ?? null) : tied.length === 0 ? null : Number.NaN
}

export const p = project<PlacesDB>('places')
export const place = p.entity('place', { place: 'text' }, { from: 'places' })
const question = p.entity('question', { question: 'int4' })

export const asked = p
  .sample('asked', { entity: place, split: p.split.none() })
  .query(({ db }) => db.selectFrom('questions').select(['question', 'place', 'as_of']))

export const wanted = p
  .target('wanted', { entity: question })
  .query(({ db }) => db.selectFrom('questions').select(['question', 'wanted']))

const windows = { '6h': '6 hours', '2d': '2 days', '1w': '1 week' } as const

export const totals = p.aggregates('totals', {
  entity: place,
  source: 'readings',
  time: 'at',
  windows,
  features: (a) => ({ n: a.count(), total: a.sum('amount'), mean: a.avg('amount') }),
})

export const known = p.aggregates('known', {
  entity: place,
  source: 'readings',
  time: 'at',
  knownAt: 'known_at',
  windows,
  features: (a) => ({ n: a.count(), total: a.sum('amount'), mean: a.avg('amount') }),
})

export const profile = p
  .featureView('profile', { entity: place })
  .query(({ db }) => db.selectFrom('places').select(['place', 'region', 'size']))
