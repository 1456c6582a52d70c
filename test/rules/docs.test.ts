/**
 * The documentation tells the truth: its links lead somewhere, its TypeScript compiles, what is tagged `run` runs and
 * prints what the `out` blocks show, and the commands in it exist.
 *
 * The `ts` blocks of a page make one module, in order. Tags: `run` executes the page's module; `file=<name>` writes a
 * block beside it instead; `out` is output that must appear, in order, a line `…` standing for anything.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import type { Database } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../packages/cli/src/commands/index.ts'
import { globalOptions } from '../../packages/cli/src/parse/globals.ts'
import { optionSpecs } from '../../packages/cli/src/parse/options.ts'
import { anchorsOf, type Block, blocksOf, linksOf } from './markdown.ts'
import { filesBelow, read, root } from './sources.ts'

const pages = filesBelow('.').filter((path) => path.endsWith('.md'))
const checked = pages.filter((page) => page === 'README.md' || page.startsWith('docs/guide/'))

it('sees the pages', () => {
  expect(pages.length).toBeGreaterThan(70)
  expect(checked.length).toBeGreaterThan(3)
})

describe('links', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const dead = linksOf(page).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path, anchor] = link.split('#') as [string, string?]
      const target = path === '' ? page : posix.join(posix.dirname(page), path)
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    expect(dead).toEqual([])
  })

  it('reach every page of docs/', () => {
    const reached = new Set(pages.flatMap((page) => linksOf(page).map((link) => posix.join(posix.dirname(page), link))))
    const lost = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !reached.has(page))
    expect(lost).toEqual([])
  })
})

describe('TypeScript', () => {
  // Inside test/, so that the packages resolve as they do for a user; the dot keeps it out of the other tools' sight.
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(root, 'test/.docs-'))
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: ['**/*.ts'] }),
    )
    for (const page of checked) writePage(folder, page)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('compiles', () => {
    expect(typeErrors(folder)).toBe('')
  })

  it.each(checked.filter((page) => blocksOf(page).some((block) => block.words.includes('run'))))(
    'of %s runs and prints what the page shows',
    async (page) => {
      const output = await outputOf(moduleOf(folder, page))
      let rest = output
      for (const part of blocksOf(page).filter(isOutput).flatMap(partsOf)) {
        expect(rest, `after what came before it, the output of ${page}`).toContain(part)
        rest = rest.slice(rest.indexOf(part) + part.length)
      }
    },
  )
})

const moduleOf = (folder: string, page: string): string => join(folder, page.replace(/\W+/g, '-'), 'page.ts')

/** Lines keep their numbers, so that an error names the line of the page. Databases it opens are exported, to be closed. */
function writePage(folder: string, page: string): void {
  const lines: string[] = []
  mkdirSync(dirname(moduleOf(folder, page)), { recursive: true })
  for (const block of blocksOf(page)) {
    const file = block.words.find((word) => word.startsWith('file='))?.slice('file='.length)
    if (file !== undefined) {
      const path = join(dirname(moduleOf(folder, page)), file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${block.text}\n`)
    } else if (block.language === 'ts') {
      while (lines.length < block.line) lines.push('')
      lines.push(...block.text.split('\n'))
    }
  }
  const opened = [...lines.join('\n').matchAll(/^const (\w+) = await connect\(/gm)].map((m) => m[1])
  writeFileSync(moduleOf(folder, page), `${lines.join('\n')}\nexport { ${opened.join(', ')} }\n`)
}

function typeErrors(folder: string): string {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'pipe' })
    return ''
  } catch (e) {
    return String((e as { stdout: Buffer }).stdout)
  }
}

async function outputOf(path: string): Promise<string> {
  const { log } = console
  const here = process.cwd()
  let output = ''
  console.log = (...values: unknown[]) => {
    output += `${format(...values)}\n`
  }
  process.chdir(dirname(path))
  try {
    const opened = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Record<string, unknown>
    // Three dozen engines at once are gigabytes; closing one that the page closed does nothing.
    for (const one of Object.values(opened)) if (isDatabase(one)) await one.close()
  } finally {
    process.chdir(here)
    console.log = log
  }
  return output
}

const isDatabase = (value: unknown): value is Database => typeof (value as Partial<Database>)?.close === 'function'
const isOutput = (block: Block): boolean => block.words.includes('out')
const partsOf = (block: Block): string[] => block.text.split(/^\s*…\s*$/m).map((part) => part.trim())

describe('commands', () => {
  const shown = pages.flatMap((page) =>
    blocksOf(page)
      .filter((block) => block.language === 'sh')
      .flatMap((block) => block.text.split('\n'))
      .map((line) => ({ page, line: line.replace(/\s#.*$/, '') })),
  )

  it('of viewcast exist, with their options', () => {
    const calls = shown.flatMap(({ page, line }) =>
      [...line.matchAll(/(?:^|\|\s*|&&\s*)(?:npx\s+)?viewcast\s+([^|>&]*)/g)].map((m) => ({
        page,
        words: m[1] as string,
      })),
    )
    expect(calls.length).toBeGreaterThan(10)
    const wrong = calls.filter(({ words }) => !isCall(words.trim().split(/\s+/)))
    expect(wrong).toEqual([])
  })

  it('of npm name scripts that exist', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: object }).scripts
    const wrong = shown.filter(({ page, line }) => {
      const script = /^npm (?:run )?(test|(?<=run )\S+)/.exec(line.trim())?.[1]
      return script !== undefined && !page.startsWith('packages/cli/template') && !(script in scripts)
    })
    expect(wrong).toEqual([])
  })
})

function isCall([name, ...rest]: string[]): boolean {
  const command = commands.find((known) => known.name === name || known.name === `${name} ${rest[0]}`)
  if (command === undefined && !name?.startsWith('-')) return false
  const known = [...optionSpecs(globalOptions), ...(command ? optionSpecs(command.options) : [])]
  const flags = known.flatMap((option) => [`--${option.flag}`, `-${option.short}`])
  const used = [...(command ? [] : [name as string]), ...rest].filter((word) => word.startsWith('-'))
  return used.every((word) => flags.includes(word.split('=')[0] as string))
}
