import { isViewcastError } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import type { Plan } from './plan-data.ts'
import { parsePlan, planDigest, printPlan } from './plan-file.ts'

const plan: Plan = {
  format: 'viewcast/plan@1',
  project: 'shop',
  environment: 'staging',
  database: 'postgres://me@localhost:5432/shop',
  createdAt: '2026-01-02T00:00:00.000Z',
  fingerprint: { 'public.v': { definition: 'abc' } },
  changes: [
    {
      class: 'breaking',
      strategy: 'in place',
      name: 'v',
      object: { schema: 'public', name: 'v' },
      as: 'view',
      isDeclared: true,
      to: { model: 'm', version: 3, deployment: null },
      columns: [{ name: 'Größe', type: 'varchar(7)', change: 'removed', tombstone: '2026-01-02T00:00:00.000Z' }],
      metadata: ['grant SELECT to etl'],
      granted: ['etl'],
      reads: [{ relation: 'public.orders', column: 'id', type: 'integer' }],
      statements: ['CREATE OR REPLACE VIEW public.v AS SELECT 1', "COMMENT ON VIEW public.v IS '—'"],
      creation: [],
      query: 'SELECT 1',
      digest: 'd',
      blockers: [],
      warnings: [],
      parameters: [],
      spec: { at: null },
      insight: {
        affected: [],
        unchanged: [],
        privileges: [],
        indexes: [],
        notes: [],
        movement: {
          sample: 1000,
          keys: { compared: 2, of: 2, isEstimate: false, chosen: 'all' },
          rows: 2,
          repeated: 0,
          unmatched: { before: 0, after: 0 },
          outputs: [
            {
              output: 'p',
              rows: 2,
              missing: { before: 0, after: 0, both: 0 },
              moved: 1,
              meanBefore: 0.5,
              meanAfter: 0.5,
              meanShift: -0,
              standardDeviation: Number.NaN,
              quantiles: {},
              largest: null,
            },
          ],
        },
      },
    },
  ],
}

const detailOf = (text: string): string => {
  try {
    parsePlan(text, 'plan.json')
  } catch (e) {
    if (isViewcastError(e) && e.diagnostics[0]?.code === 'deploy/plan-file') return e.message
    throw e
  }
  return 'accepted'
}

test('another file is told in a sentence', () => {
  for (const text of ['{"name":"shop","type":"module"}', '[]', '"plan"', 'null']) {
    expect(detailOf(text)).toContain('plan.json is no plan that can be applied: it was not written by viewcast plan')
  }
})

test('a plan is the same when it is read again, numbers that JSON does not have included', () => {
  const again = parsePlan(printPlan(plan), 'plan.json')
  expect(again).toEqual(plan)
  expect(printPlan(again)).toBe(printPlan(plan))
  expect(Object.is(again.changes[0]?.insight?.movement?.outputs[0]?.meanShift, -0)).toBe(true)
})

test('the order of keys is no part of what it says', () => {
  const turned = Object.fromEntries(Object.entries(plan).reverse()) as unknown as Plan
  expect(planDigest(turned)).toBe(planDigest(plan))
  expect(printPlan(turned)).toBe(printPlan(plan))
})

test.each([
  ['a statement', ['SELECT 1', 'SELECT 2']],
  ['a reader', ['etl', 'everybody']],
  ['the version', ['"version": 3', '"version": 4']],
  ['the digest', [planDigest(plan).slice(0, 8), '00000000']],
] as const)('one whose text was altered is refused: %s', (_, [from, to]) => {
  const text = printPlan(plan)
  expect(text).toContain(from)
  expect(detailOf(text.replace(from, to))).toContain('altered')
})

test('what is no plan says everything that is wrong', () => {
  expect(detailOf('{')).toContain('plan.json')
  const said = detailOf(
    JSON.stringify({ ...plan, changes: [{ class: 'other' }], format: 'viewcast/plan@9', digest: '' }),
  )
  expect(said).toMatch(/format.*changes\.0\.class.*changes\.0\.statements/s)
})
