import { expect, test } from 'vitest'
import { z } from 'zod'
import { optionSpecs } from '../parse/options.ts'
import { insightOf, insightOptions } from './insight-options.ts'

const options = z.object(insightOptions)

test.each([
  [{}, 10_000],
  [{ sample: '250' }, 250],
  [{ sample: 'all' }, 'all'],
  [{ sample: 'all', noMovement: true }, 0],
])('%j compares %s', (given, sample) => {
  expect(insightOf(options.parse(given)).sample).toBe(sample)
})

test.each(['0', '-1', '2.5', 'some', ''])('"%s" is no number of keys', (sample) => {
  expect(options.safeParse({ sample }).success).toBe(false)
  expect(optionSpecs(options).find((o) => o.key === 'sample')).toMatchObject({
    type: 'string',
    multiple: false,
    expects: 'a number of keys, or all',
  })
})
