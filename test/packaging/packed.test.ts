/**
 * What a user gets: the three tarballs installed by npm into an empty project, then used as the README says. Needs the
 * built packages and the npm registry. `npm test` hands over the tarballs it checked; alone, the test packs its own.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = dirname(dirname(import.meta.dirname))
const packages = ['@viewcast/compiler', '@viewcast/sdk', 'viewcast']
const minutes = 60_000

let project: string
let installed: Finished

interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(command: string, args: readonly string[], folder = project): Finished {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: userEnvironment() })
  return { code: status, stdout, stderr }
}

/** Without what `npm test` and Vitest add for their own programs. */
const userEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(lifecycle|package)|VITEST|NODE_ENV|NODE_OPTIONS)/.test(name),
    ),
  )

function tarballs(): string[] {
  const given = process.env['VIEWCAST_TARBALLS']
  if (given) return given.split('\n')
  const args = [join(root, 'scripts/pack.mjs'), join(project, 'packed')]
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n')
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'viewcast-packed-'))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'shop', private: true, type: 'module' }))
  installed = run('npm', ['install', ...tarballs(), '--no-audit', '--no-fund'])
}, 5 * minutes)
afterAll(() => rmSync(project, { recursive: true, force: true }))

const folderOf = (name: string): string => join(project, 'node_modules', name)
const manifestOf = (name: string) => JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8')) as Manifest

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin?: Readonly<Record<string, string>>
}

it('installs, and npm has nothing to warn of', () => {
  expect(installed.code, installed.stderr).toBe(0)
  expect(`${installed.stdout}\n${installed.stderr}`).not.toMatch(/EBADENGINE|ERESOLVE|deprecated|vulnerab/)
})

describe.each(packages)('%s', (name) => {
  it('names versions, not places of our workspace', () => {
    const manifest = manifestOf(name)
    const versions = Object.values({ ...manifest.dependencies, ...manifest.peerDependencies })
    expect(versions.length).toBeGreaterThan(0)
    expect(versions.filter((version) => !/^[\^~]?\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('ships every file its manifest points at, and the licence', () => {
    const { exports, bin } = manifestOf(name)
    const targets = Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    )
    const files = [...targets, ...Object.values(bin ?? {}), 'LICENSE', 'README.md']
    expect(files.filter((file) => !existsSync(join(folderOf(name), file)))).toEqual([])
  })

  it('ships no test and nothing of the tools', () => {
    const files = readdirSync(folderOf(name), { recursive: true, encoding: 'utf8' })
    const ours = files.filter((file) => !file.startsWith('node_modules'))
    expect(ours.length).toBeGreaterThan(5)
    expect(ours.filter((file) => /\.test(-d)?\.ts$|tsup\.config|tsconfig|\.tsbuildinfo/.test(file))).toEqual([])
  })
})

it('brings one copy of each of our packages', () => {
  const all = readdirSync(join(project, 'node_modules'), { recursive: true, encoding: 'utf8' })
  const copies = all.filter((file) =>
    /(^|node_modules\/)(@viewcast\/(compiler|sdk)|viewcast|kysely)\/package\.json$/.test(file),
  )
  expect(copies.sort()).toEqual([...packages, 'kysely'].map((name) => `${name}/package.json`).sort())
})

it('has types that a strict project can use', () => {
  writeFileSync(join(project, 'types.ts'), typesProgram)
  const options = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    types: [],
    exactOptionalPropertyTypes: true,
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['types.ts'] }))
  const tsc = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'])
  rmSync(join(project, 'tsconfig.json'))
  const ours = tsc.stdout.split('\n').filter((line) => /^(types\.ts|node_modules\/(@viewcast|viewcast)\/)/.test(line))
  expect(ours).toEqual([])
})

it(
  'runs a program on the embedded engine',
  () => {
    writeFileSync(join(project, 'program.mjs'), program)
    const ran = run(process.execPath, ['program.mjs'])
    expect(ran.stderr).toBe('')
    expect(ran.stdout).toBe('pglite [["1"]]\n')
    expect(ran.code).toBe(0)
  },
  2 * minutes,
)

describe('the command line', () => {
  const viewcast = (...args: string[]): Finished => run('npx', ['--no-install', 'viewcast', ...args])

  it('prints its help', () => {
    const help = viewcast('--help')
    expect(help.code, help.stderr).toBe(0)
    expect(help.stdout).toContain('train')
  })

  it(
    'makes a project that trains and predicts as written',
    () => {
      for (const args of [
        ['init', '.'],
        ['ls'],
        ['train', 'reorder'],
        ['compile', 'reorder', '--out', 'reorder.sql'],
        ['verify', 'reorder'],
      ]) {
        const done = viewcast(...args)
        expect(done.code, `viewcast ${args.join(' ')}\n${done.stdout}\n${done.stderr}`).toBe(0)
      }
      expect(readFileSync(join(project, 'reorder.sql'), 'utf8')).toMatch(/^--[\s\S]*\bwith\b[\s\S]*\bselect\b/i)
      const predicted = viewcast(
        'predict',
        'reorder',
        '--at',
        '2025-12-31T00:00Z',
        '--limit',
        '3',
        '--format',
        'ndjson',
      )
      expect(predicted.code, predicted.stderr).toBe(0)
      expect(predicted.stdout.trim().split('\n')).toHaveLength(3)
    },
    5 * minutes,
  )
})

it(
  'runs the example of existing views',
  () => {
    const example = join(project, 'existing-views')
    cpSync(join(root, 'examples/existing-views'), example, {
      recursive: true,
      filter: (path) => !/node_modules|\.viewcast/.test(path),
    })
    const jiti = join(project, 'node_modules/jiti/lib/jiti-cli.mjs')
    const ran = run(process.execPath, [jiti, 'main.ts'], example)
    expect(ran.code, `${ran.stdout}\n${ran.stderr}`).toBe(0)
  },
  3 * minutes,
)

const program = `
import { connect } from '@viewcast/sdk'

const db = await connect('memory:')
console.log(db.engine, JSON.stringify((await db.query('select count(*) from (values (1)) as t')).rows))
await db.close()
`

const typesProgram = `
import { type CompiledQuery, connect, type Database, project, trainingQuery } from '@viewcast/sdk'
import { withDatabase } from '@viewcast/sdk/testing'
import { defineConfig } from 'viewcast'

interface DB {
  users: { user_id: number; country: string | null; joined: Date }
}
const p = project<DB>('shop')
const user = p.entity('user', { user_id: 'int4' }, { from: 'users' })
const profile = p
  .featureView('profile', { entity: user })
  .query(({ db }) => db.selectFrom('users').select(['user_id', 'country']))
  .features({ country: { kind: 'category' } })
p.featureView('wrong', { entity: user })
  .query(({ db }) => db.selectFrom('users').select(['user_id', 'country']))
  // @ts-expect-error a misspelt column does not compile
  .features({ contry: { kind: 'category' } })
export const sample = p
  .sample('everyone', { entity: user, split: p.split.hash({ test: 0.2 }) })
  .query(({ db }) => db.selectFrom('users').select(['user_id', 'joined']))
export const dataset = p.dataset('users', { sample, features: [profile] })
export const query = async (db: Database): Promise<CompiledQuery> => trainingQuery(db, dataset)
export const both: Promise<unknown> = withDatabase(async (db) => [await query(db), await connect('memory:')])
export default defineConfig({ project: './project.ts' })
`
