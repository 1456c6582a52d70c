import { expect, test } from 'vitest'
import { jsonText } from './json-text.ts'

test('gives what a text says, and says of one that is no JSON nothing that it holds', () => {
  expect(jsonText('[{"customer": 7}]', 'keys.json')).toEqual([{ customer: 7 }])
  for (const text of [
    '[{"customer": secret}]',
    '{"customer": "secret" "label"}',
    '{"customer": "secret',
    'secret',
    '',
  ]) {
    expect(() => jsonText(text, 'labels.json')).toThrow(
      /^labels\.json is not JSON(: there is a mistake at position \d+)?$/,
    )
  }
})
