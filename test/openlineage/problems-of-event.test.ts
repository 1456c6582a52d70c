import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { problemsOfEvent } from './problems-of-event.ts'

const tests = join(import.meta.dirname, '../fixtures/openlineage/spec/tests')
const example = (path: string) => JSON.parse(readFileSync(join(tests, path), 'utf8'))
const event = () => ({
  ...example('example_full_event.json'),
  inputs: [{ namespace: 'n', name: 'in' }],
  outputs: [{ namespace: 'n', name: 'out' }],
})

test('the example of the specification has nothing wrong', () => {
  expect(problemsOfEvent(event()).filter((p) => !/follows|no schema/.test(p))).toEqual([])
})

test('the examples of facets are what their schemas say', () => {
  const place = (folder: string): string =>
    /RunFacet$/.test(folder)
      ? 'run'
      : /JobFacet$/.test(folder)
        ? 'job'
        : /(Input|Assertions)/.test(folder)
          ? 'input'
          : /Output/.test(folder)
            ? 'output'
            : 'dataset'
  let seen = 0
  for (const folder of readdirSync(tests).filter((f) => !/json$|BaseSubset|^LineageFacet/.test(f))) {
    for (const file of readdirSync(join(tests, folder))) {
      const facets = example(`${folder}/${file}`)
      const bare = { ...event(), inputs: [{ namespace: 'n', name: 'd' }], outputs: [{ namespace: 'n', name: 'd' }] }
      bare.run = { runId: bare.run.runId }
      bare.job = { namespace: 'n', name: 'j' }
      const at = place(folder)
      if (at === 'run' || at === 'job') bare[at].facets = facets
      else if (at === 'dataset') bare.inputs[0].facets = facets
      else if (at === 'input') bare.inputs[0].inputFacets = facets
      else bare.outputs[0].outputFacets = facets
      expect(
        problemsOfEvent(bare).filter((p) => !/says it follows|there is no schema/.test(p)),
        folder,
      ).toEqual([])
      seen++
    }
  }
  expect(seen).toBeGreaterThan(30)
})

test('what is wrong is found', () => {
  const facet = {
    _producer: 'urn:x',
    _schemaURL: 'https://openlineage.io/spec/facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet',
  }
  const broken: [string, (e: ReturnType<typeof event>) => void][] = [
    [
      'must match format "uuid"',
      (e) => {
        e.run.runId = '7'
      },
    ],
    [
      'must be equal to one of the allowed values',
      (e) => {
        e.eventType = 'ENDED'
      },
    ],
    [
      'must match format "date-time"',
      (e) => {
        e.eventTime = '2020-01-01 00:00'
      },
    ],
    [
      'no facet of this name belongs here',
      (e) => {
        e.inputs[0].facets = { dataQualityAssertions: { ...facet, assertions: [] } }
      },
    ],
    [
      'must have required property',
      (e) => {
        e.outputs[0].facets = { schema: { ...facet, fields: [{ type: 'int4' }] } }
      },
    ],
    [
      'says it follows',
      (e) => {
        e.outputs[0].facets = { schema: { ...facet, _schemaURL: facet._schemaURL.replace('1-2-0', '1-1-0') } }
      },
    ],
    [
      'must be number',
      (e) => {
        e.run.facets = {
          viewcast_metrics: {
            _producer: 'urn:x',
            _schemaURL: 'urn:viewcast:openlineage:1-0-0#/$defs/MetricsRunFacet',
            metrics: [{ name: 'a', value: 'b', points: 1, step: 0 }],
          },
        }
      },
    ],
  ]
  for (const [said, change] of broken) {
    const e = event()
    change(e)
    expect(problemsOfEvent(e).join('\n'), said).toContain(said)
  }
})
