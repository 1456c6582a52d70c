import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commands } from './commands/index.ts'
import { manifest } from './manifest.ts'
import { run } from './run.ts'
import { memoryIo } from './testing/memory-io.ts'

const empty = mkdtempSync(join(tmpdir(), 'viewcast-cli-'))
afterAll(() => rmSync(empty, { recursive: true }))
// The root of a workspace: nothing above it is searched.
writeFileSync(join(empty, 'pnpm-workspace.yaml'), '')

const call = async (...argv: string[]) => {
  const io = memoryIo({ cwd: empty })
  const code = await run(argv, io)
  return { code, out: io.out(), err: io.err() }
}
const errorsOf = (out: string): { code: string; message: string; hint?: string }[] =>
  (JSON.parse(out) as { error: { diagnostics: { code: string; message: string; hint?: string }[] } }).error.diagnostics

describe('help', () => {
  it('lists every command on stdout', async () => {
    const { code, out, err } = await call('--help')
    expect(code).toBe(0)
    expect(err).toBe('')
    for (const { name, summary } of commands) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
      expect(out.replace(/\s+/g, ' ')).toContain(summary)
    }
  })

  it.each(commands.map((c) => c.name))('explains %s with its options and at least one example', async (name) => {
    const { code, out } = await call(...name.split(' '), '--help')
    expect(code).toBe(0)
    expect(out).toContain('Usage\n')
    expect(out).toContain(`viewcast ${name}`)
    expect(out).toContain('Examples\n')
    expect(out).toContain('--json')
    expect((await call('help', ...name.split(' '))).out).toBe(out)
    expect((await call(...name.split(' '), '-h')).out).toBe(out)
  })

  it.each(commands.map((c) => c.name))('describes %s as data', async (name) => {
    const { code, out } = await call('help', ...name.split(' '), '--json')
    const data = JSON.parse(out)
    expect(code).toBe(0)
    expect(data.name).toBe(name)
    expect(data.examples.length).toBeGreaterThan(0)
    for (const option of data.options) expect(option.description, option.flag).not.toBe('')
  })

  it('lists the commands that share their first word', async () => {
    const { code, out } = await call('store', '--help')
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}store migrate /m)
    expect(out).not.toMatch(/^ {2}train /m)
    expect((await call('help', 'store')).out).toBe(out)
    const alone = await call('store')
    expect(alone.code).toBe(2)
    expect(alone.err).toContain('"viewcast store" needs one of: ')
    expect((await call('store', 'migrat')).err).toContain('Did you mean "store migrate"?')
  })

  it('keeps within the width of the terminal', async () => {
    const io = memoryIo({ columns: 60 })
    await run(['predict', '--help'], io)
    const prose = io
      .out()
      .split('\n')
      .filter((line) => !line.startsWith('  viewcast') && !line.startsWith('  #'))
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(66)
  })

  it('is asked for with exit code 2 when the command is missing', async () => {
    const { code, out, err } = await call()
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('cli/usage')
    expect(err).toContain('viewcast --help')
  })
})

it('prints the version of the package', async () => {
  const { version } = manifest()
  expect(await call('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
  expect(JSON.parse((await call('--version', '--json')).out)).toEqual({ version })
  expect((await call('ls', '-V')).out).toBe(`${version}\n`)
  // Where a model has versions, --version names one.
  expect((await call('help', 'compile')).out).toMatch(/--version <n> /)
  expect((await call('compile', 'm', '--version', 'x')).err).toContain('--version takes a version number, not "x"')
})

describe('wrong usage ends with 2 and the nearest thing meant', () => {
  it.each([
    [['trian', 'm'], 'There is no command "trian"', 'Did you mean "train"?'],
    [['show', 'x', '--limti', '3'], '"viewcast show" has no option --limti', 'Did you mean "--limit"?'],
    [['--databse', 'x'], 'viewcast has no option --databse', 'Did you mean "--database"?'],
    [['plan', '--enviroment', 'x'], '"viewcast plan" has no option --enviroment', 'Did you mean "--env"?'],
    [['plan', '--detailed'], '"viewcast plan" has no option --detailed', 'Did you mean "--detailed-exitcode"?'],
    [['show'], '"viewcast show" needs <name>', 'See: viewcast show --help'],
    [['ls', 'surplus'], '"viewcast ls" does not take "surplus"', 'See: viewcast ls --help'],
    [['show', 'x', '--limit', 'many'], '--limit takes a whole number above 0, not "many"', undefined],
    [['show', 'x', '--limit', '0'], '--limit takes a whole number above 0, not "0"', undefined],
    [['show', 'x', '--limit'], '--limit needs a value: --limit <n>', undefined],
    [['show', 'x', '--limit', '--quiet'], '--limit needs a value', undefined],
    [['show', 'x', '--limit', '1', '--limit', '2'], '--limit is given twice', undefined],
    [['show', 'x', '--format', 'xml'], '--format takes one of table, csv, json, ndjson, not "xml"', undefined],
    [['types', '--check=yes'], '--check takes no value', undefined],
    [['init', '--database', 'postgres://h/d'], '--database does not apply', undefined],
    [['help', 'tain'], 'There is no command "tain"', 'Did you mean "train"?'],
  ])('%j', async (argv, message, hint) => {
    const { code, out, err } = await call(...argv)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('cli/usage')
    expect(err).toContain(message)
    if (hint) expect(err).toContain(hint)

    const asJson = await call('--json', ...argv)
    expect(asJson.code).toBe(2)
    expect(asJson.err).toBe('')
    expect(errorsOf(asJson.out)[0]?.code).toBe('cli/usage')
  })
})

describe('errors', () => {
  it('says where it looked for a configuration, and exits with 1', async () => {
    const { code, err } = await call('ls')
    expect(code).toBe(1)
    expect(err).toContain('project/not-found')
    expect(err).toContain('viewcast init')
  })

  it('puts errors on stdout with --json, and nothing else anywhere', async () => {
    const { code, out, err } = await call('train', 'm', '--json', '--database', 'mysql://h/d')
    expect(code).toBe(1)
    expect(err).toBe('')
    expect(errorsOf(out).map((d) => d.code)).toEqual(['project/not-found'])
  })

  it('colours stderr only when it is a terminal, and never against NO_COLOR or --no-color', async () => {
    const colored = async (env: Record<string, string>, argv: string[], tty = true) => {
      const io = memoryIo({ cwd: empty, env, isTTY: { stdout: tty, stderr: tty } })
      await run(argv, io)
      return io.err().includes('\u001b[')
    }
    expect(await colored({}, ['ls'])).toBe(true)
    expect(await colored({}, ['ls'], false)).toBe(false)
    expect(await colored({ NO_COLOR: '1' }, ['ls'])).toBe(false)
    expect(await colored({}, ['ls', '--no-color'])).toBe(false)
    expect(await colored({ FORCE_COLOR: '1' }, ['ls'], false)).toBe(true)
    expect(await colored({ TERM: 'dumb' }, ['ls'])).toBe(false)
  })

  it('ends with 130 when interrupted, whatever the work throws then', async () => {
    const io = memoryIo({ cwd: empty, signal: AbortSignal.abort() })
    expect(await run(['ls'], io)).toBe(130)
    expect(io.err()).toContain('engine/interrupted')
    expect(io.err()).toContain('viewcast ls was interrupted')
  })
})

it('keeps the exit code when the reader of stdout is gone', async () => {
  const io = memoryIo({ cwd: empty, closedAfter: 0 })
  expect(await run(['--help'], io)).toBe(0)
  expect(await run(['ls', '--json'], io)).toBe(1)
  expect(io.out()).toBe('')
})
