import { expect, test } from 'vitest'
import { metrics } from './metrics.ts'

test('a request counts in the bucket that it just fits, and in those above', () => {
  const counters = metrics()
  counters.request('/v1/models', 'GET', 200, 0.005)
  const text = counters.text([])
  const bucket = (le: string) => text.match(new RegExp(`_bucket\\{route="/v1/models",le="${le}"\\} (\\d+)`))?.[1]
  expect(['0.0025', '0.005', '10', '\\+Inf'].map(bucket)).toEqual(['0', '1', '1', '1'])
})

test('what ends a label is escaped, so that nobody writes lines of his own', () => {
  const counters = metrics()
  counters.predicted('a"} 1\nforged{b="\\', 3, 2)
  expect(
    counters
      .text([])
      .split('\n')
      .filter((line) => !line.startsWith('#')),
  ).toEqual(['viewcast_predictions_total{model="a\\"} 1\\nforged{b=\\"\\\\",version="3"} 2', ''])
})
