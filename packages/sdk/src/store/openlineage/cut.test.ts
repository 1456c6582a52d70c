import { expect, test } from 'vitest'
import { cutEvent } from './cut.ts'
import type { Facet, RunEvent } from './event.ts'
import { facetsOf } from './facet.ts'

const facet = facetsOf('urn:test')
const bytes = (e: RunEvent): number => Buffer.byteLength(JSON.stringify(e))
const many = (n: number) => Array.from({ length: n }, (_, i) => i)
const event = (n: number, more: Readonly<Record<string, Facet>> = {}): RunEvent => ({
  eventType: 'COMPLETE',
  eventTime: '2024-01-01T00:00:00.000000Z',
  producer: 'urn:test',
  schemaURL: 'urn:test',
  run: {
    runId: '01900000-0000-7000-8000-000000000000',
    facets: {
      viewcast_params: facet('viewcast_params', { params: many(n).map((i) => ({ key: `p${i}`, value: '1' })) }),
    },
  },
  job: { namespace: 'n', name: 'j', facets: { sql: facet('sql', { query: 'SELECT 1', dialect: 'postgres' }) } },
  inputs: [],
  outputs: [
    {
      namespace: 'n',
      name: 'model.m',
      facets: {
        lineage: facet('lineage', { inputs: [], fields: {} }),
        columnLineage: facet('columnLineage', { fields: {} }),
        viewcast_coefficients: facet('viewcast_coefficients', {
          family: 'gaussian',
          coefficients: many(n).map((i) => ({ name: `c${i}`, feature: 'f', estimate: i })),
        }),
        ...more,
      },
    },
  ],
})
const cutsOf = (e: RunEvent) => e.run.facets['viewcast_cut']?.['cuts'] as { of: string; kept: number; was: number }[]

test('what fits stays as it is', () => {
  const small = event(10)
  expect(cutEvent(small)).toBe(small)
  expect(cutEvent(small, bytes(small))).toBe(small)
})

test('what is said twice goes first, and what goes is said', () => {
  const large = event(3000)
  const cut = cutEvent(large, 100_000)
  expect(bytes(cut)).toBeLessThanOrEqual(100_000)
  expect(cutsOf(cut).map((c) => c.of)).toEqual([
    'model.m.lineage',
    'run.viewcast_params',
    'model.m.viewcast_coefficients.coefficients',
  ])
  expect(cutsOf(cut)[2]).toMatchObject({ kept: 1000, was: 3000 })
  const [model] = cut.outputs
  expect(model?.facets?.['columnLineage']).toBeDefined()
  expect(model?.facets?.['viewcast_coefficients']?.['coefficients']).toHaveLength(1000)
  expect(cut.job.facets['sql']).toBeDefined()
})

test('every event gets small enough, whatever is large in it', () => {
  const text = 'x'.repeat(30_000)
  const larges: RunEvent[] = [
    event(1, { documentation: facet('documentation', { description: text }) }),
    event(1, { schema: facet('schema', { fields: many(3000).map((i) => ({ name: `c${i}` })) }) }),
    event(1, { ownership: facet('ownership', { owners: [{ name: text }] }) }),
    { ...event(1), job: { ...event(1).job, facets: { sql: facet('sql', { query: text }) } } },
    { ...event(1), inputs: many(5000).map((i) => ({ namespace: 'n', name: `d${i}` })) },
    { ...event(1), inputs: [{ namespace: 'n', name: text }] },
    { ...event(1), run: { ...event(1).run, facets: { errorMessage: facet('errorMessage', { message: text }) } } },
  ]
  for (const large of larges) {
    const cut = cutEvent(large, 20_000)
    expect(bytes(cut)).toBeLessThanOrEqual(20_000)
    expect(cutsOf(cut).length).toBeGreaterThan(0)
    expect(cut.run.runId).toBe(large.run.runId)
    expect([cut.eventType, cut.job.namespace, cut.job.name]).toEqual(['COMPLETE', 'n', 'j'])
  }
})
