import { createTwoFilesPatch } from 'diff'

/**
 * What differs between two texts of SQL, as a unified diff with three lines around each change; empty when nothing does.
 * Lines of comments that only say which version it is are part of it: the texts are compared as they are.
 */
export function sqlDifference(before: string, after: string, names: readonly [string, string]): string {
  if (before === after) return ''
  return (
    createTwoFilesPatch(names[0], names[1], ended(before), ended(after), undefined, undefined, { context: 3 })
      // A line of equal signs is for another format.
      .replace(/^=+\n/, '')
  )
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)
