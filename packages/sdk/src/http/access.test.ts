import { expect, test } from 'vitest'
import { accessProblem, isLoopback } from './access.ts'

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['localhost', true],
  ['::1', true],
  ['[::1]', true],
  ['127.0.0.1.elsewhere.example', false],
  ['127.0.0.1:80', false],
  ['0.0.0.0', false],
  ['::', false],
  ['localhost.elsewhere.example', false],
])('%s is this machine alone: %s', (host, isIt) => {
  expect(isLoopback(host)).toBe(isIt)
})

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test.each([
  ['Bearer sesame', undefined],
  ['bearer sesame', undefined],
  ['Bearer sesam', 'token'],
  ['Bearer sesame2', 'token'],
  ['Bearer', 'token'],
  ['', 'token'],
  [basic('anybody:sesame'), undefined],
  [basic(':sesame'), undefined],
  [basic('sesame:'), 'token'],
  [basic('anybody:open:sesame'), 'token'],
  [`Digest ${Buffer.from(':sesame').toString('base64')}`, 'token'],
])('with a token, authorization "%s" has the problem %s', (authorization, problem) => {
  const rule = { isLocal: false, token: 'sesame' }
  expect(accessProblem({ host: 'db.example', authorization }, false, rule)).toBe(problem)
  expect(accessProblem({ host: 'db.example', authorization }, true, rule)).toBeUndefined()
})

test.each([
  ['localhost:8080', undefined],
  ['LOCALHOST:8080', undefined],
  ['[::1]:8080', undefined],
  ['127.0.0.1', undefined],
  ['127.0.0.1.elsewhere.example:8080', 'host'],
  ['elsewhere.example', 'host'],
  ['', 'host'],
])('a server of this machine, asked as "%s", has the problem %s', (host, problem) => {
  expect(accessProblem({ host }, true, { isLocal: true })).toBe(problem)
})

test('a page of the same origin may ask, of another or of none may not', () => {
  const of = (origin: string) => accessProblem({ host: 'localhost:8080', origin }, true, { isLocal: true })
  expect(['http://localhost:8080', 'http://localhost:8081', 'null', 'https://elsewhere.example'].map(of)).toEqual([
    undefined,
    'origin',
    'origin',
    'origin',
  ])
})
