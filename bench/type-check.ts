/** How long the type checker takes: 60 views over 200 tables, a dataset of all of them and its model. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { generateTypes } from '@viewcast/sdk'
import { duration, inRounds, least, median } from './timing.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
/** Milliseconds, for the compiler of the project that `viewcast init` writes. */
const ceiling = 5000
const viewCount = 60

const here = createRequire(import.meta.url)
/** The first is the one the ceiling is for. */
const compilers = [here.resolve('typescript/package.json'), here.resolve('typescript-5/package.json')]

/** Tables of the database, and how many of them `viewcast types --include` takes. */
const projects = { '200 tables': { tables: 200, views: viewCount }, '20 tables': { tables: 20, views: viewCount } }
const bare = { '200 tables, no view': { tables: 200, views: 0 } }

type Catalog = Parameters<typeof generateTypes>[0]

/** Tables of twelve columns, wide enough to look like a business. */
const catalog = (tables: number): Catalog => ({
  searchPath: ['public'],
  serverVersion: 18,
  relations: Array.from({ length: tables }, (_, i) => ({
    schema: 'public',
    name: `table_${i}`,
    kind: 'table' as const,
    indexes: [],
    columns: [
      ...['customer_id', 'other_id'].map((name) => ({ name, type: 'int4', nullable: false })),
      ...['happened_at', 'known_at'].map((name) => ({ name, type: 'timestamptz', nullable: false })),
      ...[0, 1, 2].map((c) => ({ name: `n_${c}`, type: 'float8', nullable: c > 0 })),
      ...[0, 1].map((c) => ({ name: `amount_${c}`, type: 'numeric', nullable: c > 0 })),
      ...[0, 1].map((c) => ({ name: `word_${c}`, type: 'text', nullable: c > 0 })),
      { name: 'flag', type: 'bool', nullable: true },
    ],
  })),
})

const start = `import { project } from '@viewcast/sdk'
import type { DB } from './db.gen.ts'

export const p = project<DB>('sizes')
export const customer = p.entity('customer', { customer_id: 'int4' }, { from: 'table_0' })
`

type Shape = (name: string, table: number) => string

/** In turn: a join with features described, a history, a view over spine with aggregates, declared windows, a file. */
const shapes: readonly Shape[] = [
  (name, t) => `p.featureView('${name}', { entity: customer })
  .query(({ db }) =>
    db.selectFrom('table_${t}')
      .innerJoin('table_${t + 1}', 'table_${t + 1}.customer_id', 'table_${t}.customer_id')
      .leftJoin('table_${t + 2}', (j) => j.onRef('table_${t + 2}.customer_id', '=', 'table_${t}.other_id'))
      .where('table_${t}.flag', '=', true)
      .select((eb) => [
        'table_${t}.customer_id', 'table_${t}.n_0 as ${name}_a', 'table_${t + 1}.n_1 as ${name}_b',
        'table_${t + 2}.n_2 as ${name}_c', 'table_${t}.word_0 as ${name}_d', 'table_${t + 1}.word_1 as ${name}_e',
        'table_${t + 2}.amount_0 as ${name}_f', eb.fn.coalesce('table_${t + 2}.n_0', eb.lit(0)).as('${name}_g'),
        eb('table_${t}.n_0', '>', 3).as('${name}_h'),
      ]))
  .features({ ${name}_a: { kind: 'numeric', fill: 0 }, ${name}_d: { kind: 'category', description: 'a word' } })`,
  (
    name,
    t,
  ) => `p.featureView('${name}', { entity: customer, time: 'happened_at', knownAt: 'known_at', maxAge: '90 days' })
  .query(({ db }) =>
    db.selectFrom('table_${t}').select([
      'customer_id', 'happened_at', 'known_at', 'n_0 as ${name}_a', 'n_1 as ${name}_b', 'word_0 as ${name}_c',
    ]))
  .features({ ${name}_b: { kind: 'numeric', fill: 1 } })`,
  (name, t) => `p.windowView('${name}', { entity: customer })
  .query(({ db }) =>
    db.selectFrom('spine')
      .leftJoin('table_${t}', (j) =>
        j.onRef('table_${t}.customer_id', '=', 'spine.customer_id').onRef('table_${t}.happened_at', '<', 'spine.as_of'))
      .groupBy(['spine.customer_id', 'spine.as_of'])
      .select(({ fn }) => [
        'spine.customer_id', 'spine.as_of', fn.count('table_${t}.other_id').as('${name}_a'),
        fn.avg('table_${t}.n_0').as('${name}_b'), fn.sum('table_${t}.amount_0').as('${name}_c'),
        fn.max('table_${t}.n_1').as('${name}_d'), fn.count('table_${t}.n_2').filterWhere('table_${t}.flag', '=', true).as('${name}_e'),
      ]))
  .features({ ${name}_a: { kind: 'numeric', fill: 0 } })`,
  (name, t) => `p.aggregates('${name}', {
  entity: customer, source: 'table_${t}', time: 'happened_at', knownAt: 'known_at',
  windows: { '1d': '1 day', '7d': '7 days', '30d': '30 days' },
  features: (a) => ({ ${name}_a: a.count(), ${name}_b: a.avg('n_0', { fill: 0 }), ${name}_c: a.sum('amount_0'), ${name}_d: a.max('n_1') }),
})`,
  (name) => `p.sqlView('${name}', { entity: customer })
  .features({ ${name}_a: { kind: 'numeric', fill: 0 }, ${name}_b: { kind: 'category' } })`,
]

/** One file for each view, as projects of this size have them. */
function files(tables: number, views: number): Record<string, string> {
  const names = Array.from({ length: views }, (_, i) => `view_${i}`)
  const own = names.map((name, i): [string, string] => {
    const shape = shapes[i % shapes.length] as Shape
    const text = `export const ${name} = ${shape(name, (i * 3) % (tables - 3))}\n`
    return [`${name}.ts`, `import { customer, p } from './start.ts'\n\n${text}`]
  })
  const inputs = names.map((name, i) => `${name}_a${i % shapes.length === 3 ? '_7d' : ''}: standardize()`)
  const model = `import { standardize } from '@viewcast/sdk'
import { customer, p } from './start.ts'
${names.map((name) => `import { ${name} } from './${name}.ts'`).join('\n')}

const asked = p.sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('table_0').select(['customer_id', 'happened_at as as_of']))
const answer = p.target('answer', { entity: customer })
  .query(({ db }) => db.selectFrom('table_1').select((eb) => ['customer_id', eb('n_0', '>', 3).as('label')]))
export const all = p.dataset('all', { sample: asked, target: answer, features: [${names.join(', ')}] })
export const model = p.model('model', { dataset: all, family: 'logistic', label: 'label' }).inputs({ ${inputs.join(', ')} })
`
  return {
    'db.gen.ts': generateTypes(catalog(tables)),
    'start.ts': start,
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        module: 'nodenext',
        strict: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        skipLibCheck: true,
        types: [],
      },
      include: ['*.ts'],
    }),
    ...(views > 0 ? { ...Object.fromEntries(own), 'model.ts': model } : {}),
  }
}

interface Figures {
  readonly wall: number[]
  memory: string
  instantiations: string
}

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  // Below this folder, so that imports resolve to the packages of the workspace as a user has them.
  const directory = await mkdtemp(join(import.meta.dirname, '.types-'))
  const figures = new Map<string, Figures>()
  const versions = await Promise.all(compilers.map(compilerAt))
  try {
    const contenders: Record<string, () => Promise<void>> = {}
    for (const [title, { tables, views }] of Object.entries({ ...projects, ...bare })) {
      const folder = join(directory, title.replace(/\W+/g, '-'))
      await mkdir(folder)
      for (const [name, text] of Object.entries(files(tables, views))) await writeFile(join(folder, name), text)
      for (const { version, tsc } of versions) {
        const one: Figures = { wall: [], memory: '', instantiations: '' }
        figures.set(`${title}\t${version}`, one)
        contenders[`${title}\t${version}`] = async () => {
          process.stderr.write(`checking ${title} with TypeScript ${version}…\n`)
          Object.assign(one, await checked(tsc, folder, one.wall))
        }
      }
    }
    await inRounds(rounds, contenders)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  return {
    title: `Type-checking a project of ${viewCount} views, their dataset and its model`,
    columns: ['project', 'TypeScript', 'median', 'least', 'memory', 'instantiations', 'ceiling', ''],
    rows: [...figures].map(([key, f]) => {
      const [title = '', version = ''] = key.split('\t')
      const held = title === '200 tables' && version === versions[0]?.version
      const verdict = held ? [duration(ceiling), median(f.wall) <= ceiling ? 'held' : 'MISSED'] : ['', '']
      return [title, version, duration(median(f.wall)), duration(least(f.wall)), f.memory, f.instantiations, ...verdict]
    }),
    notes: [
      `${rounds} runs each of tsc --noEmit, taken in turns; from spawn to exit, without a cache of earlier runs.`,
      'Twelve columns in each table; views in turn: a join of three, a history, five aggregates over spine, declared windows, a file.',
      '20 tables: what viewcast types --include leaves when the views read 20 of the tables.',
    ],
  }
}

async function compilerAt(manifest: string): Promise<{ readonly version: string; readonly tsc: string }> {
  const { version, bin } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string; bin: { tsc: string } }
  return { version, tsc: join(dirname(manifest), bin.tsc) }
}

/** One run; a project that does not pass the checker would measure something else. */
function checked(tsc: string, folder: string, wall: number[]): Promise<Pick<Figures, 'memory' | 'instantiations'>> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    execFile(process.execPath, [tsc, '-p', folder, '--extendedDiagnostics'], (error, out) => {
      if (error) return reject(new Error(`the project does not pass the type checker: ${out.slice(0, 2000)}`))
      wall.push(performance.now() - start)
      const figure = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(out)?.[1] ?? ''
      const kilobytes = Number(figure('Memory used').replace(/K$/, ''))
      return resolve({ memory: `${Math.round(kilobytes / 1024)} MB`, instantiations: figure('Instantiations') })
    })
  })
}
