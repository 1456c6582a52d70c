/** A first day with the command line: from an empty folder to a view in the database. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, type Finished, scratch, shell, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
let made: Finished
const run = (...args: string[]) => viewcast(shop, ...args)
const json = async (...args: string[]) => {
  const { code, out, err } = await run(...args, '--json')
  return {
    code,
    data: JSON.parse(out),
    events: err
      .split('\n')
      .filter((l) => l !== '')
      .map((l) => JSON.parse(l)),
  }
}
const codes = (data: { error: { diagnostics: { code: string }[] } }) => data.error.diagnostics.map((d) => d.code)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  made = await viewcast(root, 'init', 'shop')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('init', () => {
  it('writes a project, fills its database and says what to type next', () => {
    expect(made.code, made.err).toBe(0)
    expect(made.err).toMatch(/customers 400 rows, orders 2,\d+ rows/)
    for (const file of [
      'viewcast.config.ts',
      'project.ts',
      'db.gen.ts',
      'sql.gen.ts',
      'views.gen.ts',
      'views/recency.sql',
      'README.md',
    ]) {
      expect(made.out).toContain(file)
      expect(existsSync(join(shop, file)), file).toBe(true)
    }
    expect(made.out).toMatch(/cd shop\n.*train reorder/s)
    const { dependencies } = JSON.parse(readFileSync(join(shop, 'package.json'), 'utf8'))
    expect(Object.keys(dependencies)).toEqual(['@viewcast/sdk', 'kysely', 'viewcast'])
    for (const wanted of Object.values(dependencies)) expect(wanted).toMatch(/^\d+\.\d+\.\d+$/)
    expect(readFileSync(join(shop, '.gitignore'), 'utf8')).toContain('.viewcast/')
  })

  it('writes files that type-check, where a misspelt column does not', () => {
    const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
    const check = () => spawnSync(process.execPath, [tsc, '-p', shop], { encoding: 'utf8' }).stdout
    expect(check()).toBe('')
    const project = join(shop, 'project.ts')
    const text = readFileSync(project, 'utf8')
    writeFileSync(project, text.replace("a.sum('amount'", "a.sum('amuont'"))
    expect(check()).toContain('amuont')
    writeFileSync(project, text)
  })

  it('refuses to overwrite (cli/exists) and leaves everything as it was', async () => {
    const config = join(shop, 'viewcast.config.ts')
    writeFileSync(config, `${readFileSync(config, 'utf8')}// mine\n`)
    const { code, data } = await json('init')
    expect(code).toBe(1)
    expect(codes(data)).toEqual(['cli/exists'])
    expect(data.error.diagnostics[0].message).toContain('project.ts')
    expect(readFileSync(config, 'utf8')).toContain('// mine')
  })

  it('overwrites with --force, but keeps what belongs to the package', async () => {
    writeFileSync(join(shop, 'README.md'), 'mine')
    const { code, data } = await json('init', '--force')
    expect(code).toBe(0)
    expect(data.kept).toEqual(['README.md', 'package.json', 'tsconfig.json', '.gitignore'])
    expect(data.written).toContain('project.ts')
    // Running the setup again adds nothing.
    expect(data.tables[0]).toEqual({ name: 'customers', rows: 400 })
    expect(readFileSync(join(shop, 'viewcast.config.ts'), 'utf8')).not.toContain('// mine')
  })

  it('fills the database again after a clone', async () => {
    const clone = join(root, 'clone')
    mkdirSync(clone)
    const { code, err } = await viewcast(clone, 'init', '--data-only')
    expect(code, err).toBe(0)
    expect(readdirSync(clone)).toEqual(['.viewcast'])
  })
})

it('types are up to date, and --check notices when they are not', async () => {
  expect((await run('types', '--check')).code).toBe(0)
  const file = join(shop, 'db.gen.ts')
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, before.replace('  plan: string', '  plan: number'))
  const checked = await run('types', '--check')
  expect(checked.code).toBe(1)
  expect(checked.out).toMatch(/out of date\n- {3}plan: number\n\+ {3}plan: string/)
  expect((await run('types')).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(before)
})

it('ls lists what is declared', async () => {
  const { data } = await json('ls')
  const byName = Object.fromEntries(data.definitions.map((d: { name: string }) => [d.name, d]))
  expect(Object.keys(byName).sort()).toEqual(
    ['customer', 'history', 'profile', 'questions', 'recency', 'recent', 'reorder', 'reordered'].sort(),
  )
  expect(byName.profile).toMatchObject({
    kind: 'static',
    key: ['customer_id'],
    columns: ['country', 'plan'],
    usedBy: ['history'],
  })
  expect(byName.reorder.version).toBeUndefined()
})

it('show gives rows of a view as of an instant, in every format', async () => {
  const at = ['--at', '2025-12-31T00:00Z', '--limit', '3']
  const table = await run('show', 'recency', ...at)
  expect(table.code, table.err).toBe(0)
  expect(table.out.split('\n')[0]).toMatch(/^customer_id +as_of +days_since_order +days_since_signup$/)
  expect(table.out.trim().split('\n')).toHaveLength(4)
  const { data } = await json('show', 'recency', ...at)
  expect(data.rows).toHaveLength(3)
  expect(data.rows[0]).toHaveProperty('days_since_signup')
})

it('show gives the label of every customer as of an instant', async () => {
  const known = await json('show', 'reordered', '--at', '2025-06-01T00:00Z', '--limit', '400')
  expect(known.code).toBe(0)
  const labels = new Set(known.data.rows.map((r: { reordered: boolean | null }) => r.reordered))
  expect(labels).toEqual(new Set([true, false]))
})

it('show refuses an instant where rows have their own', async () => {
  for (const name of ['questions', 'history', 'reorder']) {
    const { code, err } = await run('show', name, '--at', '2025-12-31T00:00Z')
    expect(code, name).toBe(2)
    expect(err).toContain('instants of their own')
  }
})

it('asks for training before anything that needs a trained model', async () => {
  const { code, data } = await json('predict', 'reorder')
  expect(code).toBe(1)
  expect(codes(data)).toEqual(['model/not-trained'])
  expect(data.error.diagnostics[0].hint).toContain('viewcast train reorder')
  expect(codes((await json('train', 'reordr')).data)).toEqual(['project/unknown-name'])
  expect(codes((await json('train', 'history')).data)).toEqual(['project/wrong-kind'])
})

describe('a trained model', () => {
  beforeAll(async () => {
    const trained = await json('train', 'reorder')
    expect(trained.code).toBe(0)
    expect(trained.data).toMatchObject({ model: 'reorder', version: 1, warnings: [] })
    // The sample data does carry the answer.
    expect(trained.data.metrics.test.auc).toBeGreaterThan(0.7)
    expect(trained.events.map((e: { event: string }) => e.event)).toContain('done')
    expect(existsSync(join(shop, '.viewcast/models/reorder/1.json'))).toBe(true)
  })

  it('is trained again, which gives the same version, with a report for a person', async () => {
    const { code, out, err } = await run('train', 'reorder')
    expect(code).toBe(0)
    expect(err).toContain('nothing new: this is version 1 again')
    expect(out).toContain('reorder version 1, logistic for reordered')
    expect(out).toMatch(/coefficient +estimate/)
    expect(out).toMatch(/metric +train +test/)
    expect((await run('ls')).out).toContain('version 1')
  })

  it('compiles to one statement on stdout and nothing else', async () => {
    const { code, out, err } = await run('compile', 'reorder', '--at', '2025-12-31T00:00Z')
    expect(code, err).toBe(0)
    expect(err).toBe('')
    expect(out).toMatch(/^-- Prediction query of model "reorder"/)
    expect(out).not.toContain('country_code')
    const first = await json('compile', 'reorder', '--version', '1')
    expect(first.data.version).toBe(1)
    const file = await run('compile', 'reorder', '--at', '2025-12-31T00:00Z', '--out', 'reorder.sql')
    expect(file.out).toBe('')
    expect(readFileSync(join(shop, 'reorder.sql'), 'utf8')).toBe(out)
  })

  it('names the key whose value does not fit, and the versions there are', async () => {
    const { code, err } = await run('predict', 'reorder', '--keys', 'customer_id=abc')
    expect(code).toBe(1)
    expect(err).toContain('The value of key "customer_id" is no int4: it is not a whole number')
    const other = await run('predict', 'reorder', '--version', '9')
    expect(other.err).toMatch(/has no trained version 9\n.*There are: 1\./)
  })

  it('compiles to functions under a name of choice, for a dialect, with a self-test', async () => {
    const made = await run('compile', 'reorder', '--as', 'function', '--name', 'scoring.reorder')
    expect(made.out).toMatch(/^CREATE OR REPLACE FUNCTION scoring\.reorder \(p_customer_id int4, p_as_of timestamptz/m)
    expect((await run('compile', 'reorder', '--as', 'scalar')).out).toMatch(/^RETURNS float8$/m)
    const citus = await run('compile', 'reorder', '--dialect', 'citus', '--at', '2025-12-31T00:00Z')
    expect(citus.out).toContain('_spine AS NOT MATERIALIZED (')
    expect(codes((await json('compile', 'reorder', '--dialect', 'citus')).data)).toEqual(['compile/needs-instant'])
    expect((await run('compile', 'reorder', '--sample', '--limit', '5')).out).toMatch(
      /each row of sample[\s\S]*LIMIT 5\n$/,
    )
    expect((await run('compile', 'reorder', '--self-test')).out).toMatch(/DO \$viewcast\$[\s\S]*\$viewcast\$;\n$/)
    for (const wrong of [
      ['--as', 'function', '--at', '2025-12-31T00:00Z'],
      ['--as', 'view', '--keys', 'customer_id=1'],
      ['--as', 'scalar', '--self-test'],
      ['--name', 'x'],
      ['--sample', '--keys', 'customer_id=1'],
    ]) {
      expect((await run('compile', 'reorder', ...wrong)).code, wrong.join(' ')).toBe(2)
    }
  })

  it('reports what the query asks of an engine before it is deployed', async () => {
    const at = ['--at', '2025-12-31T00:00Z']
    const { code, out, err } = await run('compile', 'reorder', ...at, '--report')
    expect(code, err).toBe(0)
    expect(out).toBe((await run('compile', 'reorder', ...at)).out)
    expect(err).toMatch(/^_features +[\d,]+ bytes$/m)
    expect(err).toMatch(/^\d+ inputs, \d+ coefficients, \d+ of [\d,]+ levels deep$/m)
    expect(err).toMatch(
      /^scoring: .* operations, .* tests, .* lookups, .* bytes; about .* µs of processor time a row$/m,
    )
    const { report } = (await json('compile', 'reorder', ...at, '--report')).data
    expect(report.bytes).toBe(Buffer.byteLength(out))
    expect(report.stages.map((s: { name: string }) => s.name)).toContain('_score')
    expect(report.model.scoring.guards).toBeGreaterThan(0)
    expect((await json('compile', 'reorder', ...at)).data.report).toBeUndefined()
    expect((await json('compile', 'reorder', '--as', 'function', '--report')).data.report.model).toEqual(report.model)
    const dataset = (await json('compile', 'history', '--report')).data.report
    expect(dataset.stages.length).toBeGreaterThan(0)
    expect(dataset.model).toBeUndefined()
  })

  it('compiles to a view, and a dataset to its training query', async () => {
    expect((await run('compile', 'reorder', '--as', 'view')).out).toMatch(/^CREATE OR REPLACE VIEW reorder .* AS\n/m)
    expect((await run('compile', 'history')).out).toMatch(/^-- Training query of dataset "history"/)
    expect((await run('compile', 'history', '--keys', 'customer_id=1')).code).toBe(2)
    expect((await run('compile', 'history', '--as', 'view')).code).toBe(2)
  })

  it('predicts the same for everyone and for keys', async () => {
    const at = ['--at', '2025-12-31T00:00Z']
    const all = await run('predict', 'reorder', ...at)
    expect(all.code, all.err).toBe(0)
    const lines = all.out.trim().split('\r\n')
    expect(lines[0]).toBe('customer_id,as_of,probability')
    expect(lines).toHaveLength(401)
    const { data } = await json('predict', 'reorder', ...at, '--keys', 'customer_id=7', '--keys', 'customer_id=9')
    expect(data.rows.map((r: { customer_id: number }) => r.customer_id)).toEqual([7, 9])
    expect(lines).toContain(`7,2025-12-31 00:00:00+00,${data.rows[0].probability}`)
    expect(codes((await json('predict', 'reorder', '--keys', 'customer=7')).data)).toContain('compile/keys')
  })

  it('predicts into a file, whole or not at all (cli/file)', async () => {
    const written = await run('predict', 'reorder', '--out', 'p.ndjson', '--limit', '5')
    expect(written.err).toContain('wrote 5 rows to p.ndjson')
    const rows = readFileSync(join(shop, 'p.ndjson'), 'utf8').trim().split('\n')
    expect(rows.map((r) => JSON.parse(r).customer_id)).toEqual([1, 2, 3, 4, 5])
    const { code, data } = await json('predict', 'reorder', '--out', 'missing/p.csv')
    expect(code).toBe(1)
    expect(codes(data)).toEqual(['cli/file'])
    expect(readdirSync(shop).filter((f) => f.endsWith('.tmp'))).toEqual([])
  })

  it('ends quietly when the reader of a pipe has enough', () => {
    expect(shell(shop, 'viewcast show history --limit 3000 --format csv 2>&1 | head -n 1')).toMatch(
      /^customer_id,as_of,country,.*\r\n$/,
    )
  })

  it('is verified: the database computes the same numbers', async () => {
    const { code, data } = await json('verify', 'reorder')
    expect(data.checks.map((c: { name: string; ok: boolean }) => [c.name, c.ok])).toEqual([
      ['parity', true],
      ['rows', true],
      ['no-future', true],
      ['verification', true],
    ])
    expect(code).toBe(0)
  })

  it('is applied as a view, twice', async () => {
    const first = await json('apply', 'reorder', '--as', 'view', '--name', 'reorder_now')
    expect(first.data).toMatchObject({ view: 'public.reorder_now', replaced: false })
    expect((await run('apply', 'reorder', '--as', 'view', '--name', 'reorder_now')).out).toMatch(/^unchanged {2}view/)
    const taken = await json('apply', 'reorder', '--as', 'view', '--name', 'orders')
    expect([taken.code, codes(taken.data)]).toEqual([1, ['deploy/conflict']])
  })

  it('shows where its inputs come from', async () => {
    expect((await run('lineage', 'reorder')).out).toMatch(/^reorder\.probability\n├─ plan .*public\.customers\.plan/s)
    expect((await json('lineage', 'recency')).data.lineage).toHaveLength(2)
    expect(codes((await json('lineage', 'recency.days_since_ordr')).data)).toEqual(['view/unknown-column'])
  })
})

describe('doctor', () => {
  it('finds nothing wrong, and says where each setting comes from', async () => {
    const { code, out } = await run('doctor')
    expect(code, out).toBe(0)
    expect(out).toContain('.viewcast/data  (default)')
    expect(out).toMatch(/failed 0\n$/)
  })

  it('reports a database that is not there as a finding, without its password', async () => {
    const { code, out, err } = await run('doctor', '--database', 'postgres://me:secret@127.0.0.1:1/none')
    expect(code).toBe(1)
    expect(out).toContain('engine/unreachable')
    expect(out).toContain('(--database)')
    expect(out + err).not.toContain('secret')
  })

  it('reports a variable the configuration names and nobody set (project/variable)', async () => {
    const config = join(shop, 'viewcast.config.ts')
    const before = readFileSync(config, 'utf8')
    writeFileSync(
      config,
      before.replace("project: './project.ts',", "project: './project.ts', database: { env: 'SHOP_URL' },"),
    )
    const { code, out } = await run('doctor')
    writeFileSync(config, before)
    expect(code).toBe(1)
    expect(out).toContain('project/variable')
    expect(out).toContain('SHOP_URL')
  })

  it('reports a project that does not load, with its place', async () => {
    const broken = join(shop, 'broken.config.ts')
    writeFileSync(broken, "export default { project: './broken.ts' }")
    writeFileSync(join(shop, 'broken.ts'), 'export const a = {\n  b: 1\n  c: 2,\n}\n')
    const { code, out } = await run('doctor', '--config', 'broken.config.ts')
    expect(code).toBe(1)
    expect(out).toContain('broken.ts:3:3')
  })
})
