/** SQL and names with a mistake in them: what the user reads, where it points, and that nothing was touched. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  collectProject,
  type Diagnostic,
  predictionQuery,
  renderDiagnostics,
  resolveDefinition,
  type Scope,
  type SelectQuery,
  showRows,
  trainingQuery,
  trainModel,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { customer, datasetOf, holdings, model, modelOf, p, profile, type ShopDB, spending, tables } from './shop.ts'

describeEachEngine('a mistake in', (engine) => {
  let directory = ''
  let before: unknown
  beforeAll(async () => {
    await engine.db.execute(tables)
    directory = await mkdtemp(join(tmpdir(), 'viewcast-bad-'))
    before = await holdings(engine.db)
  })
  afterAll(async () => {
    expect(await holdings(engine.db)).toEqual(before)
    await rm(directory, { recursive: true, force: true })
  })

  const inFile = async (text: string, name = 'recency'): Promise<readonly Diagnostic[]> => {
    await writeFile(join(directory, `${name}.sql`), text)
    const view = p.sqlView(name, { entity: customer, file: `${name}.sql` })
    return diagnosticsOf(() => trainingQuery(engine.db, datasetOf([view]), { directory }))
  }
  const inKysely = (build: (scope: Scope<ShopDB>) => SelectQuery): Promise<readonly Diagnostic[]> =>
    diagnosticsOf(() =>
      trainingQuery(engine.db, datasetOf([p.featureView('recency', { entity: customer }).query(build as never)])),
    )

  describe('the text of a view', () => {
    test('in a file: file, line, column, the line with the word underlined', async () => {
      const found = await inFile(
        '-- Größe: days since joining\nselect customer,\n       joined as jointed,,\n       country\nfrom customers\n',
      )
      expect(renderDiagnostics(found)).toBe(
        [
          'error  sql/syntax  view "recency" does not parse: syntax error at or near ","',
          '  recency.sql:3:26',
          '    2 | select customer,',
          '    3 |        joined as jointed,,',
          '      |                          ^',
          '  hint  The text is parsed with PostgreSQL 18 grammar; try the statement in psql.',
        ].join('\n'),
      )
    })

    test('at its end: the place after the last word', async () => {
      const [first] = await inFile('select customer from customers where\n')
      expect(first).toMatchObject({ code: 'sql/syntax', location: { file: 'recency.sql', line: 1 } })
      expect(first?.message).toContain('at end of input')
      expect(renderDiagnostics(first ? [first] : [])).toMatch(/\^\n/)
    })

    test('in Kysely: the view by name, and the place in the SQL it makes', async () => {
      const [first, ...others] = await inKysely(({ db }) =>
        db.selectFrom('customers').select(['customer', sql<number>`extract(day frm joined)`.as('day')]),
      )
      expect(others).toEqual([])
      expect(first).toMatchObject({ code: 'sql/syntax', location: { file: 'view "recency"', line: 1 } })
      const { text = '', column = 0, length } = first?.location ?? {}
      expect(text.slice(column - 1, column - 1 + (length ?? 0))).toBe('frm')
    })

    test('several statements: how many, and where the second begins', async () => {
      const found = await inFile('select customer from customers;\n\n-- and then\ndrop table customers;\n')
      expect(found).toMatchObject([
        {
          code: 'sql/several-statements',
          message: 'view "recency" holds 2 statements; a view is one SELECT',
          location: { file: 'recency.sql', line: 4, column: 1 },
        },
      ])
    })

    test('something that writes', async () => {
      for (const text of [
        'delete from customers',
        'select 1 as customer into t',
        'with d as (delete from orders returning customer) select customer from d',
      ]) {
        const [first] = await inFile(text)
        expect(first, text).toMatchObject({ code: 'sql/not-a-select', location: { file: 'recency.sql', line: 1 } })
      }
    })

    test.each([
      ["select customer, 'de as country from customers", 'unterminated quoted string', 18],
      ['select customer, "country from customers', 'unterminated quoted identifier', 18],
      ['select customer /* and the country from customers', 'unterminated /* comment', 17],
      ['select customer, $$de as country from customers', 'unterminated dollar-quoted string', 18],
      ['select customer, 12ab from customers', 'trailing junk after numeric literal', 18],
      ['select customer,\0 country from customers', 'a NUL character', 17],
    ])('what is not even words: %j', async (text, detail, column) => {
      const found = await inFile(text)
      expect(found).toMatchObject([{ code: 'sql/syntax', location: { file: 'recency.sql', line: 1, column } }])
      expect(found[0]?.message).toContain(detail)
    })

    test('a byte order mark is none', async () => {
      await writeFile(join(directory, 'marked.sql'), '\ufeffselect customer, country from customers;\n')
      const view = p.sqlView('marked', { entity: customer, file: 'marked.sql' })
      const { sql } = await trainingQuery(engine.db, datasetOf([view]), { directory })
      expect(sql).not.toContain('\ufeff')
    })

    test('an empty file', async () => {
      for (const text of ['', '-- nothing yet\n', ';']) {
        expect((await inFile(text)).map((d) => [d.code, d.location?.file])).toEqual([
          ['sql/not-a-select', 'recency.sql'],
        ])
      }
    })

    test('a file that is not there, or not text for us to read', async () => {
      const view = p.sqlView('gone', { entity: customer })
      expect(await diagnosticsOf(() => trainingQuery(engine.db, datasetOf([view]), { directory }))).toMatchObject([
        { code: 'project/no-file', message: 'view "gone" names views/gone.sql, which cannot be read: ENOENT' },
      ])
    })
  })

  describe('a name of the database', () => {
    test('a column that no longer exists: the nearest, and the place in the user’s own file', async () => {
      const found = await inFile("select customer,\n       date_part('day', joind) as day\nfrom customers")
      expect(found).toMatchObject([
        {
          code: 'view/database-error',
          message: 'The database refuses view "recency": column "joind" does not exist',
          hint: 'Did you mean "joined"?',
          location: { file: 'recency.sql', line: 2, column: 25, length: 5 },
        },
      ])
    })

    test('a column that no longer exists: the place in the SQL of a Kysely view', async () => {
      const [first] = await inKysely(({ db }) =>
        db.selectFrom('customers as c').select(['c.customer', sql<string>`c.contry`.as('country')]),
      )
      expect(first).toMatchObject({ code: 'view/database-error', hint: 'Did you mean "country"?' })
      const { file, text = '', column = 0 } = first?.location ?? {}
      expect(file).toBe('view "recency"')
      expect(text.slice(column - 1)).toMatch(/^c\.contry/)
    })

    test('a column that was dropped since: found before anything runs', async () => {
      const other = await engine.open()
      await other.execute(`${tables}; ALTER TABLE customers RENAME country TO land`)
      const calls = [
        () => trainingQuery(other, model.dataset),
        () => trainModel(other, model as never),
        () => predictionQuery(other, model, linearRecord('replies', ['n_7d'])),
        () => showRows(other, profile),
      ]
      for (const call of calls) {
        expect(await diagnosticsOf(call)).toMatchObject([
          {
            code: 'view/database-error',
            message: 'The database refuses view "profile": column "country" does not exist',
          },
        ])
      }
      await other.execute('ALTER TABLE orders DROP amount')
      expect((await diagnosticsOf(calls[0] as never)).map((d) => d.code)).toEqual([
        'view/database-error',
        'view/unknown-column',
      ])
    })

    test('a column of an event source: the view, the column, the nearest', async () => {
      const other = await engine.open()
      await other.execute(`${tables}; ALTER TABLE orders RENAME amount TO amounts`)
      expect(await diagnosticsOf(() => trainingQuery(other, datasetOf([spending])))).toMatchObject([
        {
          code: 'view/unknown-column',
          message: 'the source of view "spending" has no column "amount"',
          hint: 'Did you mean "amounts"?',
        },
      ])
    })

    test('a relation: the nearest, and the place', async () => {
      const found = await inFile('select customer\nfrom custommers c\nwhere exists (select from public.ordrs)')
      expect(found).toMatchObject([
        {
          code: 'view/unknown-relation',
          message: 'view "recency" reads "custommers", which is not in the database',
          hint: 'Did you mean "customers"?',
          location: { file: 'recency.sql', line: 2, column: 6, length: 10 },
        },
        {
          code: 'view/unknown-relation',
          message: 'view "recency" reads "public.ordrs", which is not in the database',
          hint: 'Did you mean "orders"?',
          location: { file: 'recency.sql', line: 3, column: 27, length: 12 },
        },
      ])
    })

    test('a relation nothing resembles: no guess', async () => {
      const [first] = await inFile('select customer from warehouse_inventory')
      expect(first?.code).toBe('view/unknown-relation')
      expect(first?.hint).toBeUndefined()
    })

    test('a function and a type: what the server says, and where', async () => {
      const [first] = await inFile('select customer, agee(joined) as n from customers')
      expect(first).toMatchObject({ code: 'view/database-error', location: { line: 1, column: 18, length: 4 } })
      expect(first?.message).toContain('function agee(timestamp with time zone) does not exist')
      const [second] = await inFile('select customer, country + 1 as n from customers')
      expect(second).toMatchObject({ code: 'view/database-error', location: { line: 1 } })
    })
  })

  describe('a name of the project', () => {
    const project = () => collectProject({ model, profile }, { directory, file: 'project.ts' })

    test.each([
      ['replys', 'Did you mean "replies"?'],
      ['profil', 'Did you mean "profile"?'],
      ['something_else', 'List the names with: viewcast ls'],
    ])('%s: %s', async (name, hint) => {
      expect(await diagnosticsOf(() => resolveDefinition(project(), name))).toMatchObject([
        { code: 'project/unknown-name', message: `Nothing is named "${name}"`, hint },
      ])
    })

    test('of an input, a label, a picked feature: the nearest of each, all at once', async () => {
      const wrong = modelOf([profile, spending], {}, { label: 'anwser' }).inputs({
        contry: 'auto',
        amount_7d: 'auto',
      } as never)
      expect(await diagnosticsOf(() => trainModel(engine.db, wrong as never))).toMatchObject([
        { code: 'model/unknown-label', hint: 'Did you mean "answer"?' },
        { code: 'model/unknown-input', hint: 'Did you mean "country"?' },
      ])
      const picked = { ...spending, kind: 'aggregates' as const }
      const use = { view: picked, pick: ['n_7', 'amount_7d'] }
      expect(
        await diagnosticsOf(() => trainingQuery(engine.db, { ...datasetOf([]), features: [use] } as never)),
      ).toMatchObject([
        { code: 'view/unknown-column', message: 'view "spending" has no column "n_7"', hint: 'Did you mean "n_7d"?' },
      ])
    })
  })

  test('everything at once is told at once, each at its own place', async () => {
    await writeFile(join(directory, 'a.sql'), 'select customer form customers')
    await writeFile(join(directory, 'b.sql'), 'select customer, contry from customers')
    const found = await diagnosticsOf(() =>
      trainingQuery(
        engine.db,
        datasetOf([
          p.sqlView('a', { entity: customer, file: 'a.sql' }),
          p.sqlView('b', { entity: customer, file: 'b.sql' }),
          p.existingView('vw_c', { entity: customer }),
          p.windowView('d', { entity: customer }).query((({ db }: never) => profileLike(db)) as never),
        ]),
        { directory },
      ),
    )
    expect(found.map((d) => [d.code, d.location?.file])).toEqual([
      ['sql/syntax', 'a.sql'],
      ['view/database-error', 'b.sql'],
      ['view/unknown-relation', undefined],
      ['view/needs-spine', 'view "d"'],
    ])
    const text = renderDiagnostics(found)
    for (const word of ['a.sql:1:22', 'b.sql:1:18', 'vw_c', 'view "d"']) expect(text).toContain(word)
  })

  test('the sample and the target are told of as such', async () => {
    const sample = p.sample('asked', { entity: customer }).file('asked.sql')
    const target = p.target('answer', { entity: customer }).existing('answers')
    await writeFile(join(directory, 'asked.sql'), 'select customer, asof as as_of from asked')
    const found = await diagnosticsOf(() =>
      trainingQuery(engine.db, datasetOf([profile], { sample, target }), { directory }),
    )
    expect(found.map((d) => d.message)).toEqual([
      'The database refuses sample "asked": column "asof" does not exist',
      'target "answer" reads "answers", which is not in the database',
    ])
    expect(found[0]).toMatchObject({ hint: 'Did you mean "as_of"?', location: { file: 'asked.sql', column: 18 } })
    expect(found[1]?.hint).toBeUndefined()
  })
})

const profileLike = (db: never) =>
  (db as unknown as { selectFrom: (t: string) => { select: (c: string[]) => never } })
    .selectFrom('customers')
    .select(['customer', 'joined as as_of', 'country'])
