/** `viewcast types` on projects of every kind, and the type checker on what it writes. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, viewcast } from './viewcast.ts'

let root: string
let data: string

const setup = `
  CREATE TYPE tier AS ENUM ('gold', 'silver');
  CREATE TABLE customers (id int4 PRIMARY KEY, tier tier NOT NULL, score float8, tags text[] NOT NULL, born date NOT NULL);
  CREATE TABLE orders (id int8 PRIMARY KEY, customer int4 NOT NULL, at timestamptz NOT NULL, amount numeric NOT NULL,
                       note text, detail jsonb);
  COMMENT ON COLUMN orders.note IS 'what was said';
  CREATE VIEW spending AS SELECT c.id, count(o.id) AS n, sum(o.amount) AS total
    FROM customers c LEFT JOIN orders o ON o.customer = c.id GROUP BY c.id;
  CREATE MATERIALIZED VIEW first_orders AS SELECT DISTINCT ON (customer) customer, at FROM orders ORDER BY customer, at;
`

beforeAll(async () => {
  await build()
  root = mkdtempSync(join(tmpdir(), 'viewcast-gen-'))
  data = join(root, 'data')
  const db = await connect(data)
  await db.execute(setup)
  await db.close()
}, 120_000)
afterAll(() => rmSync(root, { recursive: true, force: true }))

const head = `import { project } from '@viewcast/sdk'
import { sql } from 'kysely'
import type { DB } from './db.gen.ts'
import type { SqlFiles } from './sql.gen.ts'

const p = project<DB, SqlFiles>('shop')
export const customer = p.entity('customer', { id: 'int4' }, { from: 'customers' })
`

/** A project of its own over the one database. */
function made(name: string, files: Readonly<Record<string, string>>): string {
  const directory = join(root, name)
  mkdirSync(join(directory, 'views'), { recursive: true })
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(directory, 'node_modules'))
  const tsconfig = {
    compilerOptions: {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      noUnusedLocals: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      types: [],
    },
    include: ['*.ts'],
  }
  const all = {
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify(tsconfig),
    'viewcast.config.ts': `import { defineConfig } from 'viewcast'\nexport default defineConfig({ project: './project.ts', database: ${JSON.stringify(data)} })\n`,
    ...files,
  }
  for (const [path, text] of Object.entries(all)) writeFileSync(join(directory, path), text)
  return directory
}

const tsc = (directory: string): string =>
  spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../node_modules/typescript/bin/tsc'), '-p', directory, '--noErrorTruncation'],
    { encoding: 'utf8' },
  ).stdout

const read = (directory: string, file: string): string => readFileSync(join(directory, file), 'utf8')

const honest = `${head}
export const late = p.windowView('late', { entity: customer }).query(({ db }) =>
  db.selectFrom('spine')
    .leftJoin('orders', (j) => j.onRef('orders.customer', '=', 'spine.id').onRef('orders.at', '<', 'spine.as_of'))
    .groupBy(['spine.id', 'spine.as_of'])
    .select(({ fn, eb }) => [
      'spine.id', 'spine.as_of', fn.count('orders.id').as('n'), fn.sum('orders.amount').as('total'),
      fn.max('orders.at').as('last'), eb(fn.count('orders.id'), '>', 3).as('many'), eb.lit(1).as('one'),
    ]))
export const profile = p.featureView('profile', { entity: customer }).query(({ db }) =>
  db.selectFrom('customers').leftJoin('orders', 'orders.customer', 'customers.id').select((eb) => [
    'customers.id', 'tier', 'score', 'tags', 'born', 'orders.note', 'orders.detail', 'orders.amount',
    eb.fn.coalesce('score', eb.lit(0)).as('score0'), sql<string | null>\`nullif(tier::text, 'gold')\`.as('other'),
  ])).features({ score: { kind: 'numeric', fill: 0 } })
export const raw = p.featureView('raw', { entity: customer })
  .query(() => sql<{ id: number; n: string }>\`select id, n from spending\`)
export const asked = p.sample('asked', { entity: customer }).query(({ db }) =>
  db.selectFrom('customers').select(['id', 'born as as_of', sql<Date>\`now()\`.as('now')]))
export const answer = p.target('answer', { entity: customer }).query(({ db }) =>
  db.selectFrom('spending').select((eb) => ['id', eb('n', '>', 1).as('many'), 'total']))
export const recency = p.sqlView('recency', { entity: customer }).features({ days: { kind: 'numeric', fill: 1 } })
export const all = p.dataset('all', { sample: asked, target: answer, features: [late.prefix('l_'), recency.pick('days')] })
`
const recency =
  '-- Days since\n-- the first order.\nselect customer as id, (now()::date - at::date) as days, null::tier as t from first_orders;\n'

describe('a project that tells the truth', () => {
  let directory: string
  beforeAll(() => {
    directory = made('honest', { 'project.ts': honest, 'views/recency.sql': recency })
  })

  it('gets its files though none is there yet, and passes tsc', async () => {
    const { code, out, err } = await viewcast(directory, 'types')
    expect(code, err).toBe(0)
    expect(out).toContain('wrote db.gen.ts')
    expect(tsc(directory)).toBe('')
    expect((await viewcast(directory, 'types', '--check')).code).toBe(0)
  })

  it('has what the database says in db.gen.ts', () => {
    const text = read(directory, 'db.gen.ts')
    expect(text).toContain('export interface Spending {\n  id: number\n  n: Int8\n  total: Numeric | null\n}')
    expect(text).toContain('export interface FirstOrders {\n  at: Date\n  customer: number\n}')
    expect(text).toContain('tags: string[]\n  tier: "gold" | "silver"')
    expect(text).toContain('/** what was said */\n  note: string | null')
  })

  it('has the rows of its .sql files, by path, with their comments', () => {
    expect(read(directory, 'sql.gen.ts')).toContain(
      'export interface SqlFiles {\n  /** Days since the first order. */\n  "views/recency.sql": {\n' +
        '    days: number\n    id: number\n    t: "gold" | "silver" | null\n  }\n}\n',
    )
  })

  it('is noticed by --check when a file changed, and nothing is written', async () => {
    writeFileSync(join(directory, 'views/recency.sql'), recency.replace('as t ', 'as u '))
    const checked = await viewcast(directory, 'types', '--check')
    expect(checked.code).toBe(1)
    expect(checked.out).toMatch(/db\.gen\.ts is up to date\nsql\.gen\.ts is out of date/)
    expect(read(directory, 'sql.gen.ts')).toContain('t: "gold"')
    writeFileSync(join(directory, 'views/recency.sql'), recency)
  })

  it('knows the columns of a file: a misspelt one does not compile', () => {
    writeFileSync(join(directory, 'project.ts'), honest.replace('{ days: {', '{ dais: {'))
    expect(tsc(directory)).toContain('the query has no column \\"dais\\"')
    writeFileSync(join(directory, 'project.ts'), honest)
  })
})

const lies: readonly (readonly [what: string, select: string, message: string])[] = [
  [
    'a numeric as number',
    "sql<number>`amount`.as('a')",
    'its type says number; the database returns numeric, which arrives as string',
  ],
  [
    'a count as number',
    "eb.fn.countAll<number>().over().as('a')",
    'its type says number; the database returns int8, which arrives as string',
  ],
  [
    'a cast of the type alone',
    "eb.ref('at').$castTo<number>().as('a')",
    'its type says number; the database returns timestamptz, which arrives as Date',
  ],
  [
    '$notNull on what can be NULL',
    "eb.ref('note').$notNull().as('a')",
    'it can be NULL in the database, and its type has no null',
  ],
  [
    'a string for a number',
    "sql<string>`customer`.as('a')",
    'its type says string; the database returns int4, which arrives as number',
  ],
  [
    'a label the enum lacks',
    "sql<'bronze'>`'gold'::tier`.as('a')",
    'its type says string; the database returns tier, which arrives as string',
  ],
]

describe('a lie fails tsc, which names view and column', () => {
  it('in one column each', async () => {
    const views = lies.map(
      ([, select], i) =>
        `export const v${i} = p.featureView('view ${i}', { entity: customer }).query(({ db }) =>\n` +
        `  db.selectFrom('orders').select((eb) => ['customer as id', ${select.replaceAll("'a'", `'col ${i}'`)}]))\n`,
    )
    const directory = made('lies', { 'project.ts': head + views.join('') })
    writeFileSync(join(directory, 'sql.gen.ts'), 'export type SqlFiles = object\n')
    const { code, err } = await viewcast(directory, 'types')
    expect(code, err).toBe(0)
    const found = tsc(directory)
    for (const [i, [what, , message]] of lies.entries()) {
      expect(found, what).toContain(`view \\"view ${i}\\", column \\"col ${i}\\": ${message}`)
    }
    expect(found.match(/error TS/g), found).toHaveLength(lies.length)
  })

  it('in samples, targets, and whole statements: columns that are not there', async () => {
    const text = `${head}
export const asked = p.sample('asked', { entity: customer }).query(({ db }) =>
  db.selectFrom('orders').select(['customer as id', sql<number>\`amount\`.as('weight')]))
export const answer = p.target('answer', { entity: customer }).query(({ db }) =>
  db.selectFrom('orders').select((eb) => ['customer as id', eb.ref('note').$notNull().as('said')]))
export const raw = p.featureView('raw', { entity: customer })
  .query(() => sql<{ id: number; gone: string }>\`select id, n from spending\`)
`
    const directory = made('statements', { 'project.ts': text, 'sql.gen.ts': 'export type SqlFiles = object\n' })
    expect((await viewcast(directory, 'types')).code).toBe(0)
    const found = tsc(directory)
    expect(found).toContain(
      'sample \\"asked\\", column \\"weight\\": its type says number; the database returns numeric',
    )
    expect(found).toContain('target \\"answer\\", column \\"said\\": it can be NULL in the database')
    expect(found).toContain('view \\"raw\\", column \\"gone\\": the database returns no such column')
  })
})

describe('a project that does not load, or whose views are wrong', () => {
  it('gets db.gen.ts all the same, and hears what is wrong', async () => {
    const directory = made('broken', { 'project.ts': 'export const x = nothing\n' })
    const { code, err, out } = await viewcast(directory, 'types')
    expect(code).toBe(1)
    expect(out).toContain('wrote db.gen.ts')
    expect(err).toContain('project/load')
    expect(read(directory, 'db.gen.ts')).toContain('export interface DB')
  })

  it('loads with what was written a moment ago', async () => {
    const text = `import * as db from './db.gen.ts'\nexport const names = Object.keys(db)\n`
    const directory = made('needs-it', { 'project.ts': text })
    const { code, err } = await viewcast(directory, 'types')
    expect(code, err).toBe(0)
  })

  it('gets the other files with the views that are right, and the place of what is wrong', async () => {
    const views = `
export const good = p.featureView('good', { entity: customer }).query(({ db }) => db.selectFrom('customers').select(['id', 'tier']))
export const bad = p.sqlView('bad', { entity: customer })
const hidden = p.featureView('hidden', { entity: customer }).query(({ db }) => db.selectFrom('customers').select(['id']))
export const asked = p.sample('asked', { entity: customer }).existing('customers')
export const both = p.dataset('both', { sample: asked, features: [good.pick(), hidden] })
`
    const directory = made('half', {
      'project.ts': head + views,
      'views/bad.sql': 'select id,\n  missing from customers',
    })
    const result = await viewcast(directory, 'types')
    expect(result.code).toBe(1)
    expect(result.err).toContain('views/bad.sql:2:3')
    expect(read(directory, 'views.gen.ts')).toContain(`'view "good"', 'tier', 'tier', "gold" | "silver">>`)
    expect(read(directory, 'views.gen.ts')).toContain(
      '// Not exported by any module, and so not checked: view "hidden".',
    )
  })

  it('without a configuration writes the tables alone', async () => {
    const directory = made('bare', {})
    rmSync(join(directory, 'viewcast.config.ts'))
    const { code, data: result } = await json(directory, 'types', '--database', data)
    expect(code).toBe(0)
    expect(result.files.map((f: { file: string }) => f.file)).toEqual([join(directory, 'db.gen.ts')])
  })
})

async function json(directory: string, ...argv: string[]) {
  const { code, out } = await viewcast(directory, ...argv, '--json')
  return { code, data: JSON.parse(out) }
}
