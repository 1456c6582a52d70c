/** `viewcast import` from the shell: files it writes, files it will not overwrite, exit codes, and the module in use. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, ...args)
const json = async (...args: string[]) => {
  const { code, out } = await run(...args, '--json')
  return { code, data: JSON.parse(out) }
}
const write = (path: string, text: string) => {
  mkdirSync(join(shop, path, '..'), { recursive: true })
  writeFileSync(join(shop, path), text)
}

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  const made = await viewcast(root, 'init', 'shop')
  expect(made.code, made.err).toBe(0)
  write(
    'viewcast.config.ts',
    "import { defineConfig } from 'viewcast'\nexport default defineConfig({ project: './features.ts' })\n",
  )
  write('sql/where.sql', '-- Where a customer lives.\nSELECT customer_id, country FROM customers')
  write('sql/spending.sql', 'SELECT customer_id, sum(amount) AS spent FROM orders GROUP BY customer_id')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a folder of .sql files', () => {
  it('is printed and not written with --dry-run: the module on stdout, the report on stderr', async () => {
    const { code, out, err } = await run('import', 'sql', '--dry-run')
    expect(code, err).toBe(0)
    expect(out).toMatch(/^\/\/ Written by `viewcast import sql`/)
    expect(out).toContain("export const customer = p.entity('customer', { customer_id: 'int4' }")
    expect(err).toMatch(/where +customer +static +customer_id/)
    expect(existsSync(join(shop, 'features.ts'))).toBe(false)
  })

  it('is written, with a table of what became what, and the rest of the commands work on it', async () => {
    const { code, out, err } = await run('import', 'sql/')
    expect(code, err).toBe(0)
    expect(out).toMatch(/view +entity +kind +key +time +features +check/)
    expect(out).toMatch(/spending +customer +static +customer_id +spent +1/)
    expect(out).toContain('wrote  features.ts')
    expect(err).toContain('import/unsure')
    const ls = await json('ls')
    expect(ls.data.definitions.map((d: { name: string }) => d.name).sort()).toEqual(['customer', 'spending', 'where'])
    const doctor = await run('doctor')
    expect(doctor.code, doctor.out).toBe(0)
    const show = await json('show', 'where', '--limit', '3')
    expect(show.data.columns.map((c: { name: string }) => c.name)).toEqual(['customer_id', 'country'])
    expect(show.data.rows).toHaveLength(3)
  })

  it('overwrites nothing without --force (cli/exists)', async () => {
    write('features.ts', '// mine')
    const refused = await json('import', 'sql')
    expect(refused.code).toBe(1)
    expect(refused.data.error.diagnostics).toMatchObject([{ code: 'cli/exists' }])
    expect(readFileSync(join(shop, 'features.ts'), 'utf8')).toBe('// mine')
    const forced = await json('import', 'sql', '--force')
    expect(forced.code).toBe(0)
    expect(forced.data.written).toEqual(['features.ts'])
    expect(readFileSync(join(shop, 'features.ts'), 'utf8')).toContain('p.sqlView')
    expect(readdirSync(shop).filter((f) => f.endsWith('.tmp'))).toEqual([])
  })

  it('with a file that is no view fails, and writes the others all the same', async () => {
    write('sql/broken.sql', 'SELECT customer_id FORM customers WHERE')
    const { code, data } = await json('import', 'sql', '--force', '--entity', 'buyer=customer_id')
    rmSync(join(shop, 'sql/broken.sql'))
    expect(code).toBe(1)
    expect(data.written).toEqual(['features.ts'])
    expect(data.entities).toMatchObject([{ name: 'buyer', keys: [{ name: 'customer_id', type: 'int4' }] }])
    expect(data.views.map((v: { name: string }) => v.name)).toEqual(['spending', 'where'])
    const broken = data.findings.find((d: { code: string }) => d.code === 'sql/syntax')
    expect(broken.location).toMatchObject({ file: 'sql/broken.sql', line: 1, column: 25 })
  })

  it('of which nothing is a view writes nothing', async () => {
    write('none/total.sql', 'SELECT count(*) AS n FROM orders')
    const { code, out } = await run('import', 'none', '--out', 'none/features.ts')
    expect(code).toBe(1)
    expect(out).toContain('Nothing was imported.')
    expect(existsSync(join(shop, 'none/features.ts'))).toBe(false)
  })
})

it('writes the SQL of compiled dbt models beside the module, and asks for --force there too', async () => {
  const model = {
    resource_type: 'model',
    unique_id: 'model.shop.mart',
    name: 'mart',
    schema: 'public',
    config: { materialized: 'view' },
    compiled_code: 'select customer_id, plan from "elsewhere"."public"."customers"',
  }
  const metadata = { dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v12.json' }
  write('target/manifest.json', JSON.stringify({ metadata, nodes: { [model.unique_id]: model } }))
  const args = ['import', 'target/manifest.json', '--out', 'dbt.ts']
  const first = await json(...args)
  expect(first.code).toBe(0)
  expect(first.data.written).toEqual(['dbt.ts', 'views/mart.sql'])
  expect(readFileSync(join(shop, 'views/mart.sql'), 'utf8')).toBe('select customer_id, plan from public.customers\n')
  rmSync(join(shop, 'dbt.ts'))
  const again = await json(...args)
  expect(again.data.error.diagnostics).toMatchObject([{ code: 'cli/exists', parameters: { files: 'views/mart.sql' } }])
  expect(existsSync(join(shop, 'dbt.ts'))).toBe(false)
})

it('asks no database that is not there, and makes none', async () => {
  const empty = join(root, 'empty')
  mkdirSync(join(empty, 'views'), { recursive: true })
  writeFileSync(join(empty, 'views/a.sql'), 'SELECT customer_id, 1::int4 AS n FROM anything')
  const { code, out, err } = await viewcast(empty, 'import', 'views', '--entity', 'customer=customer_id:int8')
  expect(code, err).toBe(0)
  expect(err).toContain('no database is named')
  expect(out).toContain("defineConfig({ project: './features.ts'")
  expect(readdirSync(empty).sort()).toEqual(['features.ts', 'views'])
  expect(readFileSync(join(empty, 'features.ts'), 'utf8')).toContain("customer_id: 'int8'")
})

it('refuses calls it does not understand (cli/usage)', async () => {
  for (const args of [[], ['sql', '--schema', 'public'], ['sql', '--entity', 'customer']]) {
    const { code, data } = await json('import', ...args)
    expect(code).toBe(2)
    expect(data.error.diagnostics[0].code).toBe('cli/usage')
  }
  const schema = await json('import', '--schema', 'nowhere')
  expect(schema.data.error.diagnostics).toMatchObject([{ code: 'import/source' }])
})
