import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isViewcastError } from '@viewcast/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryIo } from '../testing/memory-io.ts'
import { findConfig } from './discover.ts'
import { expandPattern } from './glob.ts'
import { loadSettings } from './load.ts'
import { loadModule } from './modules.ts'
import { loadProject } from './project.ts'
import { resolveSettings } from './resolve.ts'

let root = ''
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'viewcast-config-')))
  mkdirSync(join(root, '.git'))
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (path: string, text: string): string => {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}
const globals = { json: false, quiet: false, verbose: false }
const problem = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!isViewcastError(error)) throw error ?? new Error('nothing was thrown')
  const [first] = error.diagnostics
  const at = first?.location
  return { code: first?.code, message: first?.message, place: at && `${at.file}:${at.line}:${at.column}` }
}

describe('finding the configuration', () => {
  it('goes up to the root of the repository and no further', () => {
    const config = write('viewcast.config.ts', '')
    mkdirSync(join(root, 'a/b'), { recursive: true })
    expect(findConfig(join(root, 'a/b'))).toBe(config)
    mkdirSync(join(root, 'a/b/.git'))
    expect(findConfig(join(root, 'a/b'))).toBeUndefined()
    write('a/package.json', '{"workspaces": []}')
    mkdirSync(join(root, 'a/c'))
    expect(findConfig(join(root, 'a/c'))).toBeUndefined()
    const nearer = write('a/c/viewcast.config.mjs', '')
    expect(findConfig(join(root, 'a/c'))).toBe(nearer)
  })
})

describe('settings', () => {
  const sources = { configFile: '/p/viewcast.config.ts', cwd: '/p', env: {}, flags: {} }
  const config = { project: './project.ts' }

  it('default to the embedded engine beside the configuration', () => {
    const { database, directory } = resolveSettings({ ...sources, config })
    expect(directory).toEqual({ value: '/p/.viewcast', origin: 'default' })
    expect(database).toEqual({ value: { kind: 'target', target: '/p/.viewcast/data' }, origin: 'default' })
    const elsewhere = resolveSettings({ ...sources, config: { ...config, directory: 'state' } })
    expect(elsewhere.directory).toEqual({ value: '/p/state', origin: 'viewcast.config.ts' })
    expect(elsewhere.database.value).toEqual({ kind: 'target', target: '/p/state/data' })
  })

  it('rank file below environment below flag, and say who won', () => {
    const said = { ...config, database: 'postgres://file/x' }
    const database = (more: Partial<Parameters<typeof resolveSettings>[0]>) => {
      const { value, origin } = resolveSettings({ ...sources, config: said, ...more }).database
      return [value.kind === 'target' ? value.target : value.variable, origin]
    }
    expect(database({})).toEqual(['postgres://file/x', 'viewcast.config.ts'])
    const env = { VIEWCAST_DATABASE: 'postgres://env/x' }
    expect(database({ env })).toEqual(['postgres://env/x', 'VIEWCAST_DATABASE'])
    expect(database({ env, flags: { database: 'data' } })).toEqual(['/p/data', '--database'])
    expect(database({ flags: { database: 'memory:' } })).toEqual(['memory:', '--database'])
  })

  it('read DATABASE_URL only when the configuration names it, and do not fall back', () => {
    const env = { DATABASE_URL: 'postgres://url/x' }
    expect(resolveSettings({ ...sources, config, env }).database.origin).toBe('default')
    const named = { ...config, database: { env: 'DATABASE_URL' } }
    expect(resolveSettings({ ...sources, config: named, env }).database).toEqual({
      value: { kind: 'target', target: 'postgres://url/x' },
      origin: 'DATABASE_URL (named in viewcast.config.ts)',
    })
    expect(resolveSettings({ ...sources, config: named }).database.value).toEqual({
      kind: 'unset',
      variable: 'DATABASE_URL',
    })
  })

  it('of an environment replace those of the file, and the flag beats what is set beside', () => {
    const environments = {
      staging: { schema: 'scoring_staging', createSchema: true },
      production: { database: { env: 'PRODUCTION_URL' }, schema: 'scoring' },
    }
    const said = { ...config, database: 'postgres://file/x', environments }
    const settings = (more: Partial<Parameters<typeof resolveSettings>[0]>) => {
      const { database, environment, schema, createSchema } = resolveSettings({ ...sources, config: said, ...more })
      const target = database.value.kind === 'target' ? database.value.target : `${database.value.variable} unset`
      return [environment.value, environment.origin, target, schema.value, createSchema.value, schema.origin]
    }
    const inFile = 'viewcast.config.ts, environment'
    expect(settings({})).toEqual(['', 'default', 'postgres://file/x', undefined, false, 'default'])
    expect(settings({ flags: { environment: 'staging' } })).toEqual([
      ...['staging', '--env', 'postgres://file/x', 'scoring_staging', true, `${inFile} staging`],
    ])
    const env = { VIEWCAST_ENV: 'production', PRODUCTION_URL: 'postgres://live/x' }
    const live = ['production', 'VIEWCAST_ENV', 'postgres://live/x', 'scoring', false, `${inFile} production`]
    expect(settings({ env })).toEqual(live)
    expect(settings({ env: { VIEWCAST_ENV: 'production' } })[2]).toBe('PRODUCTION_URL unset')
    expect(settings({ env, flags: { environment: 'staging' } })[0]).toBe('staging')
    // A variable that happens to be set does not turn --env production into another database; --database does.
    const other = { ...env, VIEWCAST_DATABASE: 'postgres://other/x' }
    expect(settings({ env: other })[2]).toBe('postgres://other/x')
    expect(settings({ env: other, flags: { environment: 'production' } })[2]).toBe('postgres://live/x')
    expect(settings({ env: other, flags: { environment: 'staging' } })[2]).toBe('postgres://other/x')
    const flags = { environment: 'production', database: 'memory:' }
    expect(settings({ env: other, flags })[2]).toBe('memory:')
  })

  it('are those of an environment that there is: project/no-environment', async () => {
    const io = memoryIo({ cwd: root })
    write('viewcast.config.ts', 'export default { project: "./p.ts", environments: { production: {} } }')
    const found = await problem(loadSettings({ ...globals, env: 'prodution' }, io))
    expect([found.code, found.message]).toEqual([
      'project/no-environment',
      'The configuration has no environment "prodution" (--env)',
    ])
    expect((await loadSettings({ ...globals, env: 'production' }, io)).environment.value).toBe('production')
    write('viewcast.config.ts', 'export default { project: "./p.ts", environments: { production: { schma: "x" } } }')
    expect((await problem(loadSettings(globals, io))).message).toContain('"schma"; did you mean "schema"?')
  })

  it('are refused with the file and the option when the configuration is not one', async () => {
    const io = memoryIo({ cwd: root })
    write('viewcast.config.ts', 'export default { project: "./p.ts", databse: "x" }')
    expect((await problem(loadSettings(globals, io))).message).toContain('"databse"; did you mean "database"?')
    write('viewcast.config.ts', 'export default { project: 7 }')
    expect((await problem(loadSettings(globals, io))).message).toContain('project')
    write('viewcast.config.ts', 'export const config = {}')
    expect((await problem(loadSettings(globals, io))).message).toContain('no default export')
    expect(await problem(loadSettings({ ...globals, config: 'nope.ts' }, io))).toMatchObject({
      code: 'project/load',
      message: 'nope.ts cannot be loaded: there is no such file',
    })
  })
})

describe('loading modules', () => {
  const load = (file: string) => loadModule(file, root, root)

  it('reads TypeScript with relative imports, with and without extension', async () => {
    write('views/a.ts', 'export enum Kind { A = "a" }\nexport const a: string = Kind.A')
    write('views/data.json', '{"b": 2}')
    const file = write(
      'project.ts',
      'import { a } from "./views/a"\nimport { Kind } from "./views/a.ts"\nimport data from "./views/data.json"\nexport const x = [a, Kind.A, data.b] satisfies unknown[]',
    )
    expect((await load(file))['x']).toEqual(['a', 'a', 2])
  })

  it('points at a syntax error', async () => {
    const file = write('project.ts', 'export const a = {\n  b: 1\n  c: 2,\n}\n')
    expect(await problem(load(file))).toMatchObject({ code: 'project/load', place: 'project.ts:3:3' })
  })

  it('points at a syntax error in an imported file', async () => {
    write('views/bad.ts', 'export const a = (\n')
    const file = write('project.ts', 'import { a } from "./views/bad.ts"\nexport { a }')
    expect((await problem(load(file))).place).toMatch(/^views\/bad\.ts:/)
  })

  it('points at the line and the word that throw', async () => {
    const file = write(
      'project.ts',
      'interface Foo {\n  a: string\n}\nexport const f: Foo = { a: "x" }\nexport const g = missing(f)\n',
    )
    const found = await problem(load(file))
    expect(found.place).toBe('project.ts:5:18')
    expect(found.message).toContain('missing is not defined')
  })

  it('names a function that an import does not have as it was written', async () => {
    const file = write(
      'project.ts',
      "import { joyn } from 'node:path'\nexport const g = 1\nexport const f = joyn('a')\n",
    )
    expect(await problem(load(file))).toMatchObject({
      message: 'project.ts cannot be loaded: TypeError: joyn is not a function',
      place: 'project.ts:3:18',
    })
  })

  it('points at the import of a module that is not there', async () => {
    const file = write('project.ts', 'export const a = 1\nimport { z } from "./nope"\nexport { z }')
    const found = await problem(load(file))
    expect(found.place).toBe('project.ts:2:19')
    expect(found.message).toContain("Cannot find module './nope'")
  })

  it('survives anything thrown', async () => {
    const file = write('project.ts', 'throw "just text"')
    expect((await problem(load(file))).message).toContain('"just text"')
  })
})

describe('the project', () => {
  const entity = (name: string) =>
    `export const e = { kind: 'entity', name: '${name}', keys: [{ name: 'id', type: 'int4' }] }`
  const open = async (project: string) => {
    write('viewcast.config.ts', `export default { project: ${project} }`)
    return loadProject(await loadSettings(globals, memoryIo({ cwd: root })), root)
  }

  it('collects the exports of several modules, the same identifiers included', async () => {
    write('views/a.ts', entity('a'))
    write('views/deep/b.ts', entity('b'))
    write('views/c.sql', 'select 1')
    expect([...(await open('"views/**/*.ts"')).definitions.keys()].sort()).toEqual(['a', 'b'])
    expect([...(await open('["./views/*.ts", "views/deep/b.ts"]')).definitions.keys()]).toEqual(['a', 'b'])
  })

  it('refuses a pattern without files and a name declared twice', async () => {
    expect(await problem(open('"view/*.ts"'))).toMatchObject({ code: 'project/load' })
    write('views/a.ts', entity('a'))
    write('views/b.ts', entity('a').replace('int4', 'text'))
    expect(await problem(open('"views/*.ts"'))).toMatchObject({ code: 'project/duplicate-name' })
  })
})

it('expands patterns as a shell does', () => {
  for (const path of ['a.ts', 'v/b.ts', 'v/w/c.ts', 'v/w/c.sql', 'node_modules/x.ts', '.hidden/y.ts']) write(path, '')
  const names = (pattern: string) => expandPattern(pattern, root).map((f) => f.slice(root.length + 1))
  expect(names('./plain.ts')).toEqual(['plain.ts'])
  expect(names('*.ts')).toEqual(['a.ts'])
  expect(names('**/*.ts')).toEqual(['a.ts', 'v/b.ts', 'v/w/c.ts'])
  expect(names('v/*/c.*')).toEqual(['v/w/c.sql', 'v/w/c.ts'])
  expect(names('nowhere/*.ts')).toEqual([])
})
