import { expect, test } from 'vitest'
import { DatabaseError } from '../database/database-error.ts'
import { isOutdated, isUnprepared, problemBody, refusalOf } from './problem.ts'

test.each([
  ['22P02', 422, 'serve/request'],
  ['22008', 422, 'serve/request'],
  ['57014', 504, 'serve/timeout'],
  ['40001', 503, 'serve/unavailable'],
  ['08006', 503, 'serve/unavailable'],
  ['57P01', 503, 'serve/unavailable'],
  ['53300', 503, 'serve/unavailable'],
  ['42501', 500, 'serve/failed'],
  ['23505', 500, 'serve/failed'],
])('of what the database says with %s nothing is told but its kind', (sqlState, status, code) => {
  const said = new DatabaseError('invalid input value for enum mood: "a secret"', {
    sqlState,
    detail: 'Failing row contains (a secret).',
    hint: 'a secret',
    context: 'a secret',
  })
  const body = problemBody(refusalOf(said))
  expect(body).toMatchObject({ status, code })
  expect(JSON.stringify(body)).not.toContain('secret')
})

test.each([
  ['42703', true, false],
  ['42P01', true, false],
  ['42P05', true, true],
  ['0A000', true, true],
  ['26000', false, true],
  // A grant that is missing is not mended by compiling again.
  ['42501', false, false],
  ['57014', false, false],
])(
  '%s: whether the statement is of another schema, and whether it has to be prepared again',
  (sqlState, outdated, unprepared) => {
    const error = new DatabaseError('said', { sqlState })
    expect([isOutdated(error), isUnprepared(error)]).toEqual([outdated, unprepared])
  },
)

test('of any other error neither', () => {
  const body = problemBody(refusalOf(new Error('postgres://me:a secret@server/db')))
  expect(body).toMatchObject({ status: 500, code: 'serve/failed' })
  expect(JSON.stringify(body)).not.toContain('secret')
})
