import { expect, test } from 'vitest'
import { keptComment } from './kept-comment.ts'

const ours = 'viewcast: model m version 2'

test.each([
  [null, ours],
  ['', ours],
  ['viewcast: model m version 1', ours],
  ['viewcast: model m version 1\n\nScores for the CRM.\nAsk Ada.', `${ours}\n\nScores for the CRM.\nAsk Ada.`],
  ['viewcast: model m version 1\r\n\r\nScores.\r\nAsk Ada.', `${ours}\n\nScores.\r\nAsk Ada.`],
  ['Scores for the CRM.', `${ours}\n\nScores for the CRM.`],
])('over %j', (present, kept) => {
  expect(keptComment(ours, present)).toBe(kept)
  expect(keptComment(ours, kept)).toBe(kept)
})

test('a comment that is put back as it was, whoever wrote it', () => {
  for (const whole of [`${ours}\n\nScores.`, 'Scores.', '']) expect(keptComment(whole, whole)).toBe(whole)
})
