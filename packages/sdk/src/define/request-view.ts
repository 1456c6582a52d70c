import { type EntityDef, fail, quoteIdentifier, type RequestView, sqlType } from '@viewcast/compiler'
import { callableRecord } from './callable.ts'
import { type Documentation, documented } from './documentation.ts'
import type { Entity } from './entity.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import { queryOf, type RowOfQuery, type Scope, type SelectQuery, type WithSpine } from './query.ts'
import type { Numeric, SqlTypeName, TypeOf } from './sql-types.ts'
import { type OpenView, openView } from './view.ts'

export interface RequestOptions<Keys, Columns> extends Documentation {
  /** Gives the query the keys of the question; needed only where it reads them. */
  readonly entity?: Entity<string, Keys>
  /** What a question brings: column → SQL type. In training the sample returns these columns. */
  readonly columns: Columns
}

/** A number that drivers give as text is a number to the caller who brings it. */
type BroughtType<T extends string> = T extends 'numeric' | 'decimal' | 'int8' | 'bigint' ? Numeric : TypeOf<T>

type Brought<Columns extends Readonly<Record<string, string>>> = {
  -readonly [C in keyof Columns]: BroughtType<Columns[C]>
}

export type DefineRequestView<DB> = <
  const Name extends string,
  const Columns extends Readonly<Record<string, SqlTypeName>>,
  Keys extends object = Record<never, never>,
>(
  name: Name,
  options: RequestOptions<Keys, Columns>,
) => RequestQuery<DB, Keys, Flat<Brought<Columns>>>

/** A request view: complete with the columns as features, or with what a query makes of them. */
export type RequestQuery<DB, Keys extends object, Row extends object> = OpenView<
  RequestView,
  Keys,
  Row,
  never,
  false,
  keyof Row & string
> & {
  readonly query: RequestStep<DB, Keys, Row>
}

/**
 * Features computed from one question: a SELECT over `spine`, here a single row with the keys of the entity, `as_of` and the
 * columns brought. It returns the features only. The same text computes them in training, from the columns of the
 * sample, and in prediction. Rows it finds beside the first are left out.
 *
 * ```ts
 * p.requestView('basket', { columns: { amount: 'numeric', items: 'int4' } })
 *   .query(({ db }) => db.selectFrom('spine').select(({ ref }) => sql<number>`${ref('amount')} / ${ref('items')}`.as('each')))
 * ```
 * ```sql
 * left join lateral (select amount / items as each from (select asked.amount, asked.items) as spine) as basket on true
 * ```
 */
export type RequestStep<DB, Keys extends object, Row extends object> = <Q extends SelectQuery>(
  build: (scope: Scope<WithSpine<DB, Keys & Row>>) => Q,
) => OpenView<RequestView, Keys, RowOfQuery<Q>, keyof Keys & string, false, keyof Row & string>

/** A question of no entity in particular. */
const nobody: EntityDef = Object.freeze({ kind: 'entity', name: '', keys: [] })

export function defineRequestView(
  name: string,
  options: RequestOptions<object, Readonly<Record<string, string>>>,
): RequestView {
  checkedName('request view', name)
  const columns = Object.entries(options.columns).map(([column, type]) => ({ name: column, type: sqlType(type) }))
  if (columns.length === 0) {
    fail('define/option', {
      what: `request view "${name}"`,
      option: 'columns',
      detail: 'names no column',
      hint: "Write what a question brings: columns: { amount: 'numeric' }.",
    })
  }
  const common = {
    kind: 'request' as const,
    name,
    entity: options.entity ?? nobody,
    columns,
    ...documented(options),
  }
  const query = (build: (scope: never) => SelectQuery): RequestView =>
    openView<RequestView>({ ...common, query: queryOf(build, `request view "${name}"`) })
  const names = columns.map((c) => quoteIdentifier(c.name)).join(', ')
  const plain = { kind: 'sql', text: `SELECT ${names} FROM spine`, origin: { kind: 'generated' } } as const
  return openView<RequestView>({ ...common, query: callableRecord(plain, query) })
}
