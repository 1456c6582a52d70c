import { expect, test } from 'vitest'
import { metadataChange, viewOptions } from './metadata-change.ts'

const object = (owner: string, ...roles: string[]) => ({
  kind: 'view' as const,
  owner,
  grants: roles.map((role) => ({ role, privilege: 'SELECT', isGrantable: false })),
})
const change = (
  readers: string[],
  present: ReturnType<typeof object> | undefined,
  granted: string[] = [],
  owner: string | null = null,
) => metadataChange({ def: { readers, owner }, present, live: { granted }, keyword: 'VIEW', target: 'scoring.v' })

test('a new object gets all its readers, and its owner last', () => {
  const { words, statements, granted } = change(['etl', 'Bi'], undefined, [], 'scorer')
  expect(words).toEqual(['grant SELECT to etl', 'grant SELECT to Bi', 'owner is scorer'])
  expect(statements).toEqual([
    'GRANT SELECT ON scoring.v TO etl',
    'GRANT SELECT ON scoring.v TO "Bi"',
    'ALTER VIEW scoring.v OWNER TO scorer',
  ])
  expect(granted).toEqual(['Bi', 'etl'])
})

test('nothing is granted twice, and what others granted is not ours', () => {
  const { statements, granted } = change(['etl', 'bi'], object('me', 'me', 'etl', 'bi', 'boss'), ['etl'])
  expect(statements).toEqual([])
  expect(granted).toEqual(['etl'])
})

test('only what viewcast gave is taken back', () => {
  expect(change([], object('me', 'me', 'etl', 'bi', 'boss'), ['etl'])).toEqual({
    words: ['revoke SELECT from etl'],
    statements: ['REVOKE SELECT ON scoring.v FROM etl'],
    granted: [],
  })
  // Somebody has taken it by then.
  expect(change([], object('me', 'me'), ['etl']).statements).toEqual([])
})

test('what somebody took from a reader is given again', () => {
  expect(change(['etl'], object('me', 'me'), ['etl'])).toMatchObject({
    words: ['grant SELECT to etl'],
    granted: ['etl'],
  })
})

test('a function is executed, and named with its parameters', () => {
  const { statements } = metadataChange({
    def: { readers: ['etl'], owner: null },
    present: undefined,
    live: undefined,
    keyword: 'FUNCTION',
    target: 'scoring.f(integer)',
  })
  expect(statements).toEqual(['GRANT EXECUTE ON FUNCTION scoring.f(integer) TO etl'])
})

test('an owner who is there already is none to change to', () => {
  expect(change([], object('me'), [], 'me').statements).toEqual([])
  expect(change([], object('me'), [], 'scorer').words).toEqual(['owner becomes scorer'])
})

test.each([
  ['invoker', ['security_invoker=true'], true, 'security_invoker = true'],
  [
    'invoker',
    ['security_invoker=on', 'security_barrier=true'],
    true,
    'security_invoker = true, security_barrier = true',
  ],
  ['invoker', [], false, 'security_invoker = true'],
  ['owner', ['security_invoker=true'], false, 'security_invoker = false'],
  ['owner', ['check_option=local'], true, 'security_invoker = false, check_option = local'],
] as const)('options of a view: %s over %j', (security, options, isSame, text) => {
  expect(viewOptions({ security }, { options })).toEqual({ text, isSame })
})
