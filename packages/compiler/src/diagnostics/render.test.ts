import { describe, expect, it } from 'vitest'
import { diagnostic } from './diagnostic.ts'
import { locate } from './locate.ts'
import { renderDiagnostic } from './render.ts'

const shown = (text: string, word: string) => {
  const place = locate('view "late"', text, text.indexOf(word), word.length)
  const [line = '', marks = ''] = renderDiagnostic(diagnostic('sql/volatile', {}, place))
    .split('\n')
    .slice(2, 4)
  return { line, marks, marked: line.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1) }
}

describe('the excerpt', () => {
  it('is the whole of a short line', () => {
    const { line, marked } = shown('select random() as r', 'random')
    expect(line).toBe('    1 | select random() as r')
    expect(marked).toBe('random')
  })

  it.each([
    ['its beginning', 0, 400],
    ['its middle', 300, 300],
    ['its end', 400, 0],
  ])('cuts a long line around a place at %s', (_, before, after) => {
    const { line, marked } = shown(`${'a'.repeat(before)} random ${'b'.repeat(after)}`, 'random')
    expect(marked).toBe('random')
    expect(line.length).toBeLessThanOrEqual('    1 | '.length + 100)
    expect(line.startsWith('    1 | …')).toBe(before > 0)
    expect(line.endsWith('…')).toBe(after > 0)
  })

  it('marks no more of a long word than it shows', () => {
    const { line, marks } = shown(`select ${'x'.repeat(500)}`, 'x'.repeat(500))
    expect(marks.length).toBeLessThanOrEqual(line.length)
  })
})
