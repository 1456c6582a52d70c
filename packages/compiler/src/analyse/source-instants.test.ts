import { describe, expect, test } from 'vitest'
import type { CatalogRelation } from '../ir/catalog.ts'
import { sourceInstants } from './source-instants.ts'

const relation = (...columns: [string, string][]): CatalogRelation => ({
  schema: 'public',
  name: 'contracts',
  kind: 'table',
  indexes: [],
  columns: columns.map(([name, type]) => ({ name, type, nullable: true })),
})
const names = (r: CatalogRelation, declared?: Parameters<typeof sourceInstants>[1]) => {
  const { cutAt, ignored } = sourceInstants(r, declared)
  return { cutAt: cutAt.map((c) => c.name), ignored: ignored.map((i) => `${i.column}: ${i.why}`) }
}

describe('the instants of a source', () => {
  test('are every column that holds one, of any of the three types', () => {
    const r = relation(['id', 'int4'], ['taken_off_at', 'timestamptz'], ['landed', 'timestamp'], ['day', 'date'])
    expect(names(r)).toEqual({ cutAt: ['taken_off_at', 'landed', 'day'], ignored: [] })
  })

  test('leave out what is known beforehand by its name', () => {
    const r = relation(
      ['valid_from', 'timestamptz'],
      ['valid_to', 'timestamptz'],
      ['due_date', 'date'],
      ['scheduled_departure', 'timestamptz'],
      ['expires_at', 'timestamptz'],
      ['payment_due_at', 'timestamptz'],
      ['ended_at', 'timestamptz'],
      ['produced_at', 'timestamptz'],
    )
    expect(names(r).cutAt).toEqual(['valid_from', 'ended_at', 'produced_at'])
  })

  test('leave out keys: an entity may be a day', () => {
    const r = relation(['day', 'date'], ['seen_at', 'timestamptz'])
    const { cutAt, ignored } = sourceInstants(r, undefined, new Set(['day']))
    expect({ cutAt: cutAt.map((c) => c.name), ignored }).toEqual({
      cutAt: ['seen_at'],
      ignored: [{ column: 'day', why: 'key' }],
    })
  })

  test('are the declared one alone where there is one', () => {
    const r = relation(['published_at', 'timestamptz'], ['starts_at', 'timestamptz'])
    expect(names(r, { knownAt: 'published_at' })).toEqual({ cutAt: ['published_at'], ignored: ['starts_at: declared'] })
    expect(names(r, 'always').cutAt).toEqual([])
  })
})
