import { beforeAll, describe, expect, test } from 'vitest'
import type { Facts } from '../analyse/bind.ts'
import { loadParser } from '../front/sql/parser.ts'
import type { CatalogIndex, CatalogRelation } from '../ir/catalog.ts'
import type { Form } from '../ir/compile-options.ts'
import type { HistoryView } from '../ir/definition.ts'
import { type Asked, historyForm } from './history-form.ts'

beforeAll(loadParser)

const table = (
  name: string,
  columns: Record<string, string>,
  more: Partial<CatalogRelation> = {},
): CatalogRelation => ({
  schema: 'public',
  name,
  kind: 'table',
  columns: Object.entries(columns).map(([column, type]) => ({ name: column, type, nullable: true })),
  indexes: [],
  ...more,
})
const columns = {
  customer_id: 'int4',
  valid_from: 'timestamptz',
  entered_at: 'timestamptz',
  plan: 'text',
  seats: 'int4',
}
const index = (...of: string[]): CatalogIndex => ({
  name: `by_${of.join('_')}`,
  columns: of,
  unique: false,
  total: true,
})

interface Case {
  readonly text?: string
  readonly plans?: Partial<CatalogRelation>
  readonly customers?: number
  readonly view?: Partial<HistoryView>
  readonly asked?: Partial<Asked>
  readonly relations?: readonly CatalogRelation[]
  readonly wanted?: Form
  /** Columns of the view; all of the table's when absent. */
  readonly returns?: readonly string[]
}

function choose({ text, plans, customers, view, asked, relations = [], wanted, returns }: Case = {}) {
  const entity = {
    kind: 'entity' as const,
    name: 'customer',
    keys: [{ name: 'customer_id', type: 'int4' }],
    from: { name: 'customers' },
  }
  const plan: HistoryView = {
    kind: 'history',
    name: 'plan',
    entity,
    query: {
      kind: 'sql',
      text: text ?? 'SELECT customer_id, valid_from, entered_at, plan, seats FROM plans',
      origin: { kind: 'kysely' },
    },
    time: 'valid_from',
    features: {},
    ...view,
  }
  const known = customers === undefined ? {} : { estimatedRows: customers }
  const facts: Facts = {
    catalog: {
      searchPath: ['public'],
      serverVersion: 18,
      relations: [
        table('plans', columns, plans),
        table('customers', { customer_id: 'int4' }, { ...known, indexes: [{ ...index('customer_id'), unique: true }] }),
        ...relations,
      ],
    },
    columns: () =>
      Object.entries(columns)
        .filter(([name]) => returns?.includes(name) ?? true)
        .map(([name, type]) => ({ name, type, nullable: true })),
  }
  return historyForm(
    plan,
    facts,
    { keyTypes: { customer_id: 'int4' }, questions: undefined, columns: ['seats'], ...asked },
    wanted,
  )
}

describe('an index led by keys and time', () => {
  const indexed = { indexes: [index('customer_id', 'valid_from', 'seats')] }

  test('makes it a LATERAL, and names the index', () => {
    expect(choose({ plans: indexed })).toMatchObject({
      form: 'lateral',
      reason: 'index by_customer_id_valid_from_seats (customer_id, valid_from, seats) finds the row of each question',
      possible: ['lateral', 'distinct', 'merge', 'fill'],
      served: { schema: 'public', relation: 'plans', indexes: ['by_customer_id_valid_from_seats'] },
    })
    expect(choose({ plans: indexed })).not.toHaveProperty('createIndex')
  })

  test.each([
    ['another order of columns', { indexes: [index('valid_from', 'customer_id')] }],
    ['the keys alone', { indexes: [index('customer_id')] }],
    ['a part of the rows', { indexes: [{ ...index('customer_id', 'valid_from'), total: false }] }],
  ])('that has %s does not', (_, plans) => {
    expect(choose({ plans })).toMatchObject({ form: 'distinct' })
  })

  test.each([
    'SELECT c.customer_id, p.valid_from, p.plan FROM plans p JOIN customers c USING (customer_id)',
    'SELECT customer_id, valid_from, max(plan) AS plan FROM plans GROUP BY 1, 2',
    'SELECT customer_id, valid_from, plan FROM plans LIMIT 10',
    'SELECT customer_id, valid_from, row_number() OVER () AS plan FROM plans',
    'SELECT customer_id, valid_from, random() AS plan FROM plans',
    "SELECT customer_id, valid_from + interval '1 hour' AS valid_from, plan FROM plans",
    'SELECT entered_at AS valid_from, customer_id, plan FROM plans',
    'SELECT customer_id, valid_from, plan FROM plans UNION ALL SELECT customer_id, valid_from, plan FROM plans',
    'WITH p AS (SELECT * FROM plans) SELECT customer_id, valid_from, plan FROM p',
    'SELECT customer_id, valid_from, unnest(ARRAY[plan]) AS plan FROM plans',
  ])('does not serve %s', (text) => {
    const found = choose({ plans: indexed, text })
    expect(found.form).toBe('distinct')
    expect(found.possible).not.toContain('lateral')
  })

  test.each([
    'SELECT * FROM plans',
    'SELECT p.* FROM plans AS p WHERE p.seats > 1',
    'SELECT p.customer_id, p.valid_from, c.customer_id AS plan FROM plans p LEFT JOIN customers c ON c.customer_id = p.customer_id',
    'SELECT customer_id, valid_from, plan FROM live_plans',
  ])('serves %s', (text) => {
    const view = table('live_plans', columns, {
      kind: 'view',
      definition: 'SELECT plans.customer_id, plans.valid_from, plans.plan FROM public.plans WHERE plans.seats > 0',
    })
    expect(choose({ plans: indexed, text, relations: [view] }).form).toBe('lateral')
  })

  test('does not compare an int4 with a numeric', () => {
    const found = choose({ plans: indexed, asked: { keyTypes: { customer_id: 'numeric' } } })
    expect(found).toMatchObject({ form: 'distinct', possible: ['distinct'] })
    expect(choose({ plans: indexed, asked: { keyTypes: { customer_id: 'int8' } } }).form).toBe('lateral')
  })
})

describe('without an index', () => {
  const create = 'CREATE INDEX CONCURRENTLY plans_customer_id_valid_from_idx ON public.plans (customer_id, valid_from)'

  test.each([
    ['nothing is known of the sizes', {}, 'distinct'],
    [
      'the history is small',
      { plans: { estimatedRows: 99_000 }, customers: 10, asked: { questions: 1e6 } },
      'distinct',
    ],
    [
      'there are few questions',
      { plans: { estimatedRows: 2e6 }, customers: 50_000, asked: { questions: 1000 } },
      'distinct',
    ],
    ['there are many', { plans: { estimatedRows: 2e6 }, customers: 50_000, asked: { questions: 400_000 } }, 'merge'],
    ['a key has many rows', { plans: { estimatedRows: 2e6 }, customers: 300, asked: { questions: 400_000 } }, 'fill'],
    ['how deep it is is not known', { plans: { estimatedRows: 2e6 }, asked: { questions: 400_000 } }, 'fill'],
    [
      'rows arrive late',
      { plans: { estimatedRows: 2e6 }, customers: 300, asked: { questions: 400_000 }, view: { knownAt: 'entered_at' } },
      'distinct',
    ],
  ] satisfies [string, Case, string][])('when %s', (_, given, form) => {
    const found = choose(given)
    expect(found.form).toBe(form)
    expect(found.reason).toMatch(/^no index leads with customer_id, valid_from; /)
    expect(found.createIndex?.startsWith(create)).toBe(true)
  })

  test('the statement includes short columns that are read, all or none', () => {
    const returns = ['customer_id', 'valid_from', 'seats']
    expect(choose({ returns }).createIndex).toBe(`${create} INCLUDE (seats)`)
    // Rows may tie, so all columns are read.
    expect(choose({ returns: [...returns, 'plan'] }).createIndex).toBe(create)
    const late = { returns: [...returns, 'entered_at'], view: { knownAt: 'entered_at' } }
    expect(choose(late).createIndex).toBe(`${create} INCLUDE (entered_at, seats)`)
  })

  test('its name is free, and fits in 63 bytes', () => {
    const named = (name: string) => table(name, columns)
    const text = (name: string) => `SELECT customer_id, valid_from, plan, seats FROM ${name}`
    const other = { ...table('x', {}), indexes: [{ ...index('x'), name: 'plans_customer_id_valid_from_idx' }] }
    expect(choose({ relations: [other] }).createIndex).toContain(' plans_customer_id_valid_from_idx_2 ')
    const [a, b] = ['é'.repeat(30), `${'é'.repeat(29)}ö`].map(
      (n) =>
        /CONCURRENTLY "([^"]+)"/.exec(choose({ relations: [named(n)], text: text(n) }).createIndex ?? '')?.[1] ?? '',
    ) as [string, string]
    expect(a).not.toBe(b)
    expect(a.startsWith('ééééé')).toBe(true)
    expect(new TextEncoder().encode(a).length).toBeLessThanOrEqual(63)
  })
})

describe('a form that is asked for', () => {
  const code = (given: Case) => {
    try {
      return choose(given).form
    } catch (e) {
      return (e as { diagnostics: { code: string; hint?: string }[] }).diagnostics[0]
    }
  }

  test('is taken when it gives the same rows', () => {
    for (const wanted of ['distinct', 'merge', 'fill'] as const) expect(code({ wanted })).toBe(wanted)
  })

  test('is refused as LATERAL without its index, with the statement that makes it possible', () => {
    expect(code({ wanted: 'lateral' })).toMatchObject({
      code: 'form/no-index',
      hint: expect.stringContaining('CREATE INDEX CONCURRENTLY plans_customer_id_valid_from_idx ON public.plans'),
    })
  })

  test.each([
    ['merge', { view: { knownAt: 'entered_at' } }, 'distinct'],
    ['fill', { asked: { keyTypes: { customer_id: 'numeric' } } }, 'distinct'],
    ['lateral', { text: 'SELECT DISTINCT customer_id, valid_from, plan FROM plans' }, 'distinct, merge, fill'],
    ['running', {}, 'distinct, merge, fill'],
  ] satisfies [Form, Case, string][])(
    'is refused as %s where it cannot represent the view',
    (wanted, given, possible) => {
      expect(code({ ...given, wanted })).toMatchObject({ code: 'form/unsupported', hint: `It can be ${possible}.` })
    },
  )

  test('has strictly earlier rows where the time itself says when it was known', () => {
    expect(code({ wanted: 'merge', view: { knownAt: 'valid_from' } })).toBe('merge')
  })
})
