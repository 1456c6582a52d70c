import { isViewcastError, type ModelDef } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { type DeploymentOptions, defineDeployment } from './deployment.ts'

const model = { kind: 'model', name: 'delay15' } as unknown as ModelDef
const messageOf = (options: Omit<DeploymentOptions, 'model'>): string | undefined => {
  try {
    defineDeployment('delay15_now', { model, ...options })
    return undefined
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics[0]?.code === 'define/option' ? e.message : undefined
    throw e
  }
}

test('a deployment is a view of the newest version that its reader answers for, unless it says otherwise', () => {
  const deployment = defineDeployment('delay15_now', { model, readers: ['etl', 'etl'] })
  expect(deployment).toMatchObject({ as: 'view', version: null, schema: null, owner: null, security: 'invoker' })
  expect(deployment.readers).toEqual(['etl'])
  expect(deployment.renamed).toEqual({})
  expect(Object.isFrozen(deployment)).toBe(true)
})

test.each([
  [{ as: 'view', refresh: 'full' }, 'refresh'],
  [{ as: 'function', at: '2001-02-01T12:00Z' }, 'at'],
  [{ as: 'table', security: 'owner' }, 'security'],
  [{ as: 'function', renamed: { a: 'b' } }, 'renamed'],
  [{ renamed: { a: 'c', b: 'c' } }, '"c" twice'],
] as const)('refuses %j', (options, said) => {
  expect(messageOf(options)).toContain(said)
})

test.each([
  [{ refersh: 'full' }, 'refersh of deployment "delay15_now" is no option', 'Did you mean "refresh"?'],
  [{ as: 'tabel' }, 'as of deployment "delay15_now" is none of view, table, function', 'Did you mean "table"?'],
  [{ as: 'table', refresh: 'daily' }, 'is none of full, partition, upsert', 'Write one of them.'],
  [{ outputs: ['valeu'] }, 'holds something that is no output', "'value'"],
  [{ outputs: ['interval'] }, 'holds something that is no output', "'value'"],
  [{ readers: 'dashboard' }, 'readers of deployment "delay15_now" is no list', "['dashboard']"],
  [{ model: undefined }, 'model of deployment "delay15_now" is no model', "p.model('…')"],
])('refuses %j of a project that nobody type-checked', (options, said, hint) => {
  const define = () => defineDeployment('delay15_now', { model, ...options } as unknown as DeploymentOptions)
  expect(define).toThrow(
    expect.objectContaining({
      diagnostics: [
        expect.objectContaining({ message: expect.stringContaining(said), hint: expect.stringContaining(hint) }),
      ],
    }),
  )
})

test('takes a rename and an owner of a view', () => {
  expect(messageOf({ renamed: { a: 'b', c: 'd' }, owner: 'scorer', security: 'owner' })).toBeUndefined()
})
