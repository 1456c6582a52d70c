/**
 * What a refused declaration says. `tsc` alone checks the `*.test-d.ts` files: each `@ts-expect-error` must be one. The
 * sentence after it is checked here, by compiling the files once more without the directives.
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')
const directive = /^(\s*)\/\/ @ts-expect-error: (.*)$/

interface Expected {
  readonly file: string
  /** Line of the directive; the message belongs to one of the lines below, up to the next directive. */
  readonly line: number
  readonly sentence: string
}
const expected: Expected[] = []
const messages = new Map<string, { line: number; text: string }[]>()
let directory: string

/** A dataset of 200 parts: recursion of a type ends at some forty, unless it is of the kind that needs no stack. */
const manyViews = [
  `import { departures, outcome, p, profile } from './flights.ts'`,
  `export const d = p.dataset('d', { sample: departures, target: outcome, features: [`,
  ...Array.from({ length: 200 }, (_, n) => `  profile.pick('state').prefix('p${n}_'),`),
  `] })`,
  `p.model('m', { dataset: d, family: 'linear', label: 'delay' }).inputs({ p199_state: 'auto' })`,
].join('\n')

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'viewcast-types-'))
  await symlink(join(root, 'test/node_modules'), join(directory, 'node_modules'))
  const files = (await readdir(here)).filter((f) => f.endsWith('.ts') && f !== 'messages.test.ts')
  for (const file of files) {
    if (!file.endsWith('.test-d.ts')) {
      await cp(join(here, file), join(directory, file))
      continue
    }
    const lines = (await readFile(join(here, file), 'utf8')).split('\n').map((text, at) => {
      const sentence = directive.exec(text)?.[2]
      if (sentence === undefined) return text
      expected.push({ file, line: at + 1, sentence })
      return '//'
    })
    await writeFile(join(directory, file), lines.join('\n'))
  }
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { types: [], declaration: true },
    include: ['*.ts'],
  }
  await writeFile(join(directory, 'many-views.ts'), manyViews)
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(options))
  for (const text of (await compile()).split(/\n(?=\S)/)) {
    const [, file, line] = /^(\S+?)\((\d+),\d+\): error/.exec(text) ?? []
    if (file === undefined) continue
    messages.set(file, [...(messages.get(file) ?? []), { line: Number(line), text }])
  }
})

afterAll(() => rm(directory, { recursive: true, force: true }))

const compile = (): Promise<string> =>
  new Promise((resolve) => {
    const tsc = join(root, 'node_modules/.bin/tsc')
    execFile(
      tsc,
      ['-p', '.', '--noErrorTruncation', '--pretty', 'false'],
      { cwd: directory, maxBuffer: 2 ** 26 },
      (_, out) => resolve(out),
    )
  })

it('every refusal says what its directive promises', () => {
  expect(expected.length).toBeGreaterThan(60)
  const silent = expected.filter(({ file, line, sentence }) => {
    const next = expected.find((e) => e.file === file && e.line > line)?.line ?? Number.POSITIVE_INFINITY
    const said = (messages.get(file) ?? []).filter((m) => m.line > line && m.line < next)
    return !said.some((m) => m.text.replaceAll('\\"', '"').includes(sentence))
  })
  expect(silent).toEqual([])
})

it('nothing else is refused, and every definition can be written into a declaration file', () => {
  const accepted = [...messages].flatMap(([file, said]) => {
    const lines = expected.filter((e) => e.file === file).map((e) => e.line)
    // A refused statement may span lines; none of those here spans more than twelve.
    return said.filter((m) => !lines.some((line) => m.line > line && m.line <= line + 12))
  })
  expect(accepted.map((m) => m.text)).toEqual([])
})
