// npm test: every check, one after the other; all of them run whatever fails. The last line counts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ensureBuilt } from './build.mjs'
import { root } from './fingerprint.mjs'
import { ensureInstalled } from './install.mjs'
import { outcome } from './outcome.mjs'
import { pack } from './pack.mjs'
import { hasPostgres, howToGetPostgres } from './postgres.mjs'
import { exitOf, run, seconds } from './run.mjs'

const begin = performance.now()
const scratch = mkdtempSync(join(tmpdir(), 'viewcast-test-'))
const required = process.env.VIEWCAST_REQUIRE_POSTGRES === '1'
const results = []
let tarballs = []

const bin = (path, ...args) => run(process.execPath, [join(root, 'node_modules', path), ...args])
// Biome's and attw's launchers are found by name; `.bin` holds shell scripts, good on every system npm supports.
const named = (name, ...args) => run(join(root, 'node_modules/.bin', name), args)

if (!(await check('install', ensureInstalled))) report()
else await everything()

async function everything() {
  // Asked after the installation, which brings binaries on some systems.
  const engines = required || hasPostgres() ? 'pglite,postgres' : 'pglite'
  await check('build', ensureBuilt)
  await check('format and lint', () => named('biome', 'check', '--error-on-warnings', '.'))
  await check('types', () => bin('typescript/bin/tsc', '-p', 'tsconfig.json'))
  await check('unused files, exports and dependencies', () => named('knip'))
  await check('pack', async () => {
    tarballs = await pack(join(scratch, 'packed'))
  })
  for (const tarball of tarballs) {
    await check(`publint ${basename(tarball)}`, () => named('publint', 'run', '--strict', tarball))
    await check(`attw ${basename(tarball)}`, () => named('attw', '--profile', 'esm-only', tarball))
  }
  // What takes long is one run, so that no worker waits for the other: the pages and the packed tarballs, too.
  await tests('layering and house rules', ['test/rules', '--exclude', 'test/rules/docs.test.ts'])
  await tests(`tests on ${engines}`, ['--exclude', 'test/rules/!(docs).test.ts'], engines)
  report(engines)
}

async function check(name, body) {
  headline(name)
  const start = performance.now()
  const exit = await exitOf(body)
  results.push({ name, passed: exit === 0 ? 1 : 0, failed: exit === 0 ? 0 : 1, time: seconds(start) })
  return exit === 0
}

async function tests(name, args, engines = 'pglite') {
  headline(name)
  const start = performance.now()
  const file = join(scratch, `results-${results.length}.json`)
  const env = { ENGINES: engines, VIEWCAST_TARBALLS: tarballs.join('\n') }
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const exit = await run(process.execPath, [vitest, 'run', ...args, ...reporters], { env })
  const { passed, failed, skipped, reasons } = outcome(file)
  // A file that cannot be loaded, or an unhandled rejection, fails the run without failing a test.
  const all = exit === 0 ? failed : Math.max(1, failed)
  results.push({ name, passed, failed: all, skipped, reasons, time: seconds(start) })
}

function headline(name) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 96 - name.length))}`)
}

function report(engines = '') {
  rmSync(scratch, { recursive: true, force: true })
  headline('summary')
  for (const r of results) {
    const line = `${r.passed} passed, ${r.failed} failed${r.skipped ? `, ${r.skipped} skipped` : ''}`
    console.log(`${r.failed === 0 ? 'ok  ' : 'FAIL'}  ${r.name.padEnd(46)} ${r.time.padStart(8)}   ${line}`)
    for (const reason of r.reasons ?? []) console.log(`      ✗ ${reason}`)
  }
  if (engines === 'pglite') console.log(`\nThe second engine, native PostgreSQL, was NOT run.\n${howToGetPostgres}`)
  const total = (key) => results.reduce((sum, r) => sum + r[key], 0)
  console.log(`\n${seconds(begin)} in all`)
  console.log(`${total('passed')} passed, ${total('failed')} failed`)
  process.exitCode = total('failed') === 0 ? 0 : 1
}
