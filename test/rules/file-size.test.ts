/** Files stay small and are named for what they hold. */
import { expect, it } from 'vitest'
import { filesBelow, isGenerated, isSource, read } from './sources.ts'

const files = ['packages', 'test', 'bench', 'examples', 'scripts']
  .flatMap(filesBelow)
  .filter((path) => isSource(path) && !isGenerated(path))

const lines = (path: string): number => read(path).split('\n').length - 1
/** The first comment of a file says why it is long: `Long because …`. */
const givesReason = (path: string): boolean => /\bLong because\b/.test(read(path).slice(0, 1500))

it('sees the files', () => {
  expect(files.length).toBeGreaterThan(80)
})

it('keeps files to 400 lines, or says in the header why not, and never passes 600', () => {
  const tooLong = files.filter((path) => lines(path) > 600 || (lines(path) > 400 && !givesReason(path)))
  expect(tooLong.map((path) => `${path}: ${lines(path)} lines`)).toEqual([])
})

it('keeps scripts to 100 lines', () => {
  expect(files.filter((path) => path.startsWith('scripts/') && lines(path) > 100)).toEqual([])
})

it('names files for an idea', () => {
  const catchAll = /(^|[/.-])(utils?|commons?|helpers?|managers?|misc|contexts?)([/.-]|$)/
  expect(files.filter((path) => catchAll.test(path))).toEqual([])
})
