import { expect, test } from 'vitest'
import { arranged, type ColumnsBefore, columnChanges, exchanged, isAppend, isBreaking } from './column-changes.ts'

const now = '2026-01-02T00:00:00.000Z'
const column = (text: string) => {
  const [name = '', type = 'float8'] = text.split(' ')
  return { name, type }
}
const changes = (wanted: string[], present: string[], more: Partial<ColumnsBefore> = {}) =>
  columnChanges(wanted.map(column), {
    present: present.map(column),
    tombstones: new Map(),
    renamed: {},
    now,
    ...more,
  })
const said = (list: ReturnType<typeof changes>) =>
  list.map((c) => [c.change, c.name, c.was, c.tombstone].filter((part) => part !== undefined).join(' '))
const old = '2025-01-01T00:00:00.000Z'

test('the order of the object stays, and what is new comes behind', () => {
  const found = changes(['new', 'b', 'a'], ['a', 'b'])
  expect(said(found)).toEqual(['kept a', 'kept b', 'appended new'])
  expect([isAppend(found), isBreaking(found, now)]).toEqual([true, false])
  expect(arranged('SELECT 1', ['new', 'b', 'a'].map(column), found)).toBe(
    'SELECT q.a, q.b, q.new FROM (\nSELECT 1\n) AS q',
  )
})

test('what goes is a tombstone from now on, and one that was keeps its date', () => {
  const found = changes(['a'], ['a', 'b int4', 'c varchar(7)'], { tombstones: new Map([['c', old]]) })
  expect(said(found)).toEqual(['kept a', `removed b ${now}`, `removed c ${old}`])
  expect(isBreaking(found, now)).toBe(true)
  expect(arranged('SELECT 1', [column('a')], found)).toContain('NULL::int4 AS b, NULL::varchar(7) AS c')
  expect(isBreaking(changes(['a'], ['a', 'c'], { tombstones: new Map([['c', old]]) }), now)).toBe(false)
})

test('a tombstone that is wanted again is computed again, if its type is the same', () => {
  const tombstones = new Map([['b', old]])
  const found = changes(['a', 'b'], ['a', 'b'], { tombstones })
  expect(said(found)).toEqual(['kept a', 'revived b'])
  expect([isAppend(found), isBreaking(found, now)]).toEqual([true, false])
  expect(said(changes(['a', 'b text'], ['a', 'b'], { tombstones }))).toEqual(['kept a', 'retyped b float8'])
})

test('another length is another type', () => {
  const found = changes(['a varchar(8)'], ['a varchar(7)'])
  expect(said(found)).toEqual(['retyped a varchar(7)'])
  expect(isBreaking(found, now)).toBe(true)
})

test('a column is renamed where the declaration says so, and the types are the same', () => {
  const renamed = { p: 'probability' }
  const found = changes(['id', 'p'], ['id', 'probability'], { renamed })
  expect(said(found)).toEqual(['kept id', 'renamed p probability'])
  expect(isBreaking(found, now)).toBe(true)
  expect(said(changes(['id', 'p'], ['id', 'probability']))).toEqual([
    'kept id',
    `removed probability ${now}`,
    'appended p',
  ])
  // Done by then, of another type, or still wanted under the old name.
  expect(said(changes(['id', 'p'], ['id', 'p'], { renamed }))).toEqual(['kept id', 'kept p'])
  expect(said(changes(['p text'], ['probability'], { renamed }))).toEqual([`removed probability ${now}`, 'appended p'])
  expect(said(changes(['probability', 'p'], ['probability'], { renamed }))).toEqual(['kept probability', 'appended p'])
})

test('two columns may take each other’s place only as new ones', () => {
  expect(said(changes(['a', 'b'], ['a', 'b'], { renamed: { a: 'b', b: 'a' } }))).toEqual(['kept a', 'kept b'])
})

test('a new object has the columns of the query as it has them', () => {
  const wanted = ['new', 'b', 'a text']
  const found = exchanged(wanted.map(column), changes(wanted, ['a', 'gone', 'b']))
  expect(said(found)).toEqual(['appended new', 'kept b', 'retyped a float8', 'removed gone'])
  expect(isBreaking(found, now)).toBe(true)
})

test('names that need quotes have them', () => {
  expect(arranged('SELECT 1', [column('a')], changes(['a'], ['a', 'Größe"x']))).toContain('AS "Größe""x"')
})
