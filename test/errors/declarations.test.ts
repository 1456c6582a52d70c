/** What a user can declare wrongly, and what they are told: by code, all problems at once, at their place. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, prepareDataset, project, standardize, trainingQuery, trainModel } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codesOf, diagnosticsOf } from './codes-of.ts'

interface DB {
  users: { user_id: number; country: string; joined: Date; born: Date }
  visits: { user_id: number; at: Date; seconds: number }
}

// Declarations are written loosely here: what is wrong in them would not compile as a user writes them.
const p = project<DB>('shop')
const user = p.entity('user', { user_id: 'int4' }, { from: 'users' })
const file = (name: string, kind?: 'window') => p.sqlView(name, { entity: user, ...(kind ? { kind } : {}) } as never)
const existing = (name: string, options: object = {}) =>
  p.existingView(name, { entity: user, ...options } as { entity: typeof user })
const asked = p.sample('asked', { entity: user }).existing('asked')
const bought = p.target('bought', { entity: user }).existing('bought')
const dataset = (features: object[], more: object = {}) =>
  p.dataset('users', { sample: asked, target: bought, features, ...more } as never)

let db: Database
let directory: string
beforeAll(async () => {
  db = await openTestDatabase()
  directory = await mkdtemp(join(tmpdir(), 'viewcast-errors-'))
  await db.execute(`
    create table users (user_id int4 primary key, country text, joined timestamptz, born timestamp);
    create table visits (user_id int4, at timestamptz, seconds float8);
    create view asked as select user_id, joined as as_of from users;
    create view timeless as select user_id from users;
    create view localtimes as select user_id, born as as_of from users;
    create view bought as select user_id, user_id % 2 = 0 as bought, country as label_text, joined as label_time from users;
    create view profile as select user_id, country, joined from users;
    create view ages as select user_id, born, joined, 1 as age from users;
  `)
})
afterAll(async () => {
  await db.close()
  await rm(directory, { recursive: true, force: true })
})

async function written(name: string, text: string): Promise<void> {
  await writeFile(join(directory, `${name}.sql`), text)
}
/** Compiles a dataset of one view in a file with this text. */
const compiledFile = async (text: string, kind?: 'window'): Promise<unknown> => {
  await written('own', text)
  const view = p.sqlView('own', { entity: user, file: 'own.sql', ...(kind ? { kind } : {}) } as never)
  return trainingQuery(db, dataset([view]), { directory })
}
const compiled = (...features: object[]) => trainingQuery(db, dataset(features))

describe('SQL in a file', () => {
  it.each([
    ['sql/syntax', 'select user_id form users'],
    ['sql/several-statements', 'select user_id from users; select 1'],
    ['sql/not-a-select', 'delete from users'],
    ['sql/not-a-select', 'with gone as (delete from users returning user_id) select user_id from gone'],
    ['sql/not-a-select', 'select user_id from users for update'],
    ['sql/not-a-select', '-- nothing but a comment'],
    ['sql/parameter', 'select user_id from users where country = $1'],
    ['view/unknown-relation', 'select user_id from usres'],
    ['view/database-error', 'select user_id, contry from users'],
    ['view/missing-key', 'select country from users'],
    ['view/duplicate-column', 'select u.*, v.* from users u join visits v using (user_id)'],
  ])('%s: %s', async (code, text) => {
    expect(await codesOf(() => compiledFile(text))).toEqual([code])
  })

  it.each([
    ['\\set day 1\nselect user_id from users', 1, 'command of psql'],
    ["select user_id from users where country = :'country'", 1, 'variable of psql'],
    ['select user_id from {{ ref(users) }}', 1, 'Templates'],
    ['select user_id from users\nwhere country = ?', 2, 'no parameters'],
    ['create view v as select 1', 1, 'Keep the SELECT behind AS'],
  ])('says what is no SQL in %j', async (text, line, hint) => {
    const [first] = await diagnosticsOf(() => compiledFile(text))
    expect(first?.hint).toContain(hint)
    expect(first?.location?.line).toBe(line)
  })

  it('points at the word in the file', async () => {
    const [first] = await diagnosticsOf(() => compiledFile('select user_id,\n       contry\nfrom users'))
    expect(first?.location).toMatchObject({ file: 'own.sql', line: 2, column: 8, length: 6 })
    expect(first?.hint).toBe('Did you mean "country"?')
  })

  it('points at the word behind text that is not ASCII', async () => {
    const [first] = await diagnosticsOf(() => compiledFile("select 'größer' as größe, user_id form users"))
    expect(first?.code).toBe('sql/syntax')
    expect(first?.location).toMatchObject({ line: 1, column: 40 })
  })

  it('tells all problems of all files at once, each at its place', async () => {
    await written('first', 'select user_id,\n  contry, joind\nfrom users')
    await written('second', 'select user_id form users')
    await written('third', 'select user_id, 1 as one from usres join vists using (user_id)')
    await written('fourth', 'select country from users')
    const views = ['first', 'second', 'third', 'fourth'].map((name) =>
      p.sqlView(name, { entity: user, file: `${name}.sql` } as never),
    )
    const found = await diagnosticsOf(() => trainingQuery(db, dataset([...views, file('gone')]), { directory }))
    expect(found.map((d) => [d.code, d.location?.file, d.location?.line, d.location?.column])).toEqual([
      ['project/no-file', undefined, undefined, undefined],
      ['view/database-error', 'first.sql', 2, 3],
      ['view/database-error', 'first.sql', 2, 11],
      ['sql/syntax', 'second.sql', 1, 21],
      ['view/unknown-relation', 'third.sql', 1, 31],
      ['view/unknown-relation', 'third.sql', 1, 42],
      ['view/missing-key', undefined, undefined, undefined],
    ])
    expect(found.filter((d) => d.code === 'view/database-error').map((d) => d.hint)).toEqual([
      'Did you mean "country"?',
      'Did you mean "joined"?',
    ])
  })

  it('reads what the catalog does not list: a partition, a sequence', async () => {
    await db.execute(`create table parts (user_id int4) partition by list (user_id);
      create table part_one partition of parts for values in (1); create sequence numbers;`)
    await written('own', 'select user_id, (select last_value from numbers) as n from part_one')
    const view = p.sqlView('own', { entity: user, file: 'own.sql' })
    expect((await trainingQuery(db, dataset([view]), { directory })).sql).toContain('part_one')
  })

  it('keeps the comment a file begins with, as its description and in the text', async () => {
    await written(
      'own',
      '\ufeff-- Where users are.\r\n-- One row each.\r\n/* nested /* deep */ */\r\nselect user_id, country from users; -- end\r\n',
    )
    const view = p.sqlView('own', { entity: user, file: 'own.sql' })
    const prepared = await prepareDataset(db, dataset([view]), directory)
    expect(prepared.dataset.features[0]?.view.description).toContain('Where users are.\nOne row each.')
    const { sql: text } = await trainingQuery(db, dataset([view]), { directory })
    expect(text).toContain('-- One row each.')
    expect(text).toContain('-- end')
    await db.query(text)
  })

  it.each([
    ['sql/clock', 'select user_id, now() - joined as age from users'],
    ['sql/volatile', 'select user_id, random() as luck from users'],
  ])('warns %s: %s', async (code, text) => {
    await written('own', text)
    const view = p.sqlView('own', { entity: user, file: 'own.sql' })
    const { warnings } = await trainingQuery(db, dataset([view]), { directory })
    expect(warnings.map((w) => w.code)).toContain(code)
  })

  it.each([['view/missing-as-of', 'select user_id, 1 as n from spine']])('%s: %s', async (code, text) => {
    expect(await codesOf(() => compiledFile(text, 'window'))).toEqual([code])
  })

  it('project/no-file: the file is not there', async () => {
    const [first] = await diagnosticsOf(() => trainingQuery(db, dataset([file('gone')]), { directory }))
    expect(first?.code).toBe('project/no-file')
    expect(first?.message).toContain('views/gone.sql')
  })
})

describe('views and datasets', () => {
  it.each<[string, () => unknown]>([
    ['view/unknown-relation', () => compiled(existing('profil'))],
    ['view/unknown-column', () => compiled(existing('profile').features({ contry: {} } as never))],
    ['view/missing-time', () => compiled(existing('profile', { time: 'changed_at' }))],
    ['time/type', () => compiled(existing('ages', { time: 'born' }))],
    ['dataset/duplicate-column', () => compiled(existing('profile'), existing('ages', { name: 'again' }))],
    ['dataset/key-not-in-sample', () => compiled(existing('profile').on({ user_id: 'customer' } as never))],
    [
      'time/needs-as-of',
      () => {
        const timeless = p.sample('timeless', { entity: user }).existing('timeless')
        return trainingQuery(db, dataset([existing('ages', { time: 'joined' })], { sample: timeless }))
      },
    ],
    [
      'time/type',
      () => {
        const local = p.sample('local', { entity: user }).existing('localtimes')
        return trainingQuery(db, dataset([existing('profile')], { sample: local }))
      },
    ],
  ])('%s', async (code, call) => {
    expect(await codesOf(call)).toEqual([code])
  })

  it('tells all problems at once', async () => {
    const codes = await codesOf(() =>
      compiled(existing('profile').features({ contry: {} } as never), existing('ages', { time: 'born' })),
    )
    expect(codes).toEqual(['view/unknown-column', 'time/type', 'dataset/duplicate-column'])
  })

  it('time/horizon warns of training outcomes that reach into the test period', async () => {
    const split = p.split.time({ test: '2025-01-01T00:00Z', gap: '1 day', purge: false })
    const sample = p.sample('asked', { entity: user, split }).existing('asked')
    const target = p.target('bought', { entity: user, horizon: '7 days' }).existing('bought')
    const { warnings } = await trainingQuery(db, dataset([existing('ages', { time: 'joined' })], { sample, target }))
    expect(warnings.map((w) => w.code)).toEqual(['time/horizon'])
  })
})

describe('models', () => {
  const model = (options: object, inputs?: object) => {
    const of = p.model('buys', { dataset: dataset([existing('profile')]), family: 'logistic', ...options } as never)
    return inputs === undefined ? of : of.inputs(inputs as never)
  }
  it.each<[string, object, object | undefined]>([
    ['model/unknown-label', { label: 'boght' }, undefined],
    ['model/label-type', { label: 'label_text' }, undefined],
    ['model/unknown-input', { label: 'bought' }, { contry: 'auto' }],
    ['model/label-as-input', { label: 'bought' }, { bought: 'auto' }],
    ['model/input-type', { label: 'bought' }, { country: standardize() }],
  ])('%s', async (code, options, inputs) => {
    expect(await codesOf(() => trainModel(db, model(options, inputs) as never))).toEqual([code])
  })

  it('model/input-type says what to use instead', async () => {
    const [first] = await diagnosticsOf(() =>
      trainModel(db, model({ label: 'bought' }, { country: standardize() }) as never),
    )
    expect(first?.hint).toBe('Encode a category with oneHot().')
  })
})

it('names the column of a Kysely view that the database lacks', async () => {
  const view = p
    .featureView('stale', { entity: user })
    .query(({ db }) => db.selectFrom('users').select(['user_id', sql<number>`last_seen`.as('seen')]))
  const [first] = await diagnosticsOf(() => compiled(view))
  expect(first?.code).toBe('view/database-error')
  expect(first?.location?.file).toContain('stale')
})
