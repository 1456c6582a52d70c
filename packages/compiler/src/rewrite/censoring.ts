/**
 * Rows whose outcome is not complete: `as_of + horizon` lies after what is known.
 *
 * A label read off such a row would be the outcome so far, and the rows it is wrong for are the latest: the ones that
 * look most like the present. Dropping only those without an event yet would be worse still, since it keeps the others.
 */
import type { BoundDataset } from '../analyse/bind.ts'
import { InternalError } from '../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { printLiteral } from '../emit/literal.ts'
import { viewText } from '../front/sql/view-text.ts'
import { type Catalog, findRelation } from '../ir/catalog.ts'
import type { KnownUntil, RelationName, ViewQuery } from '../ir/definition.ts'
import { printInterval } from '../ir/duration.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { Join, Projection, Stage } from '../ir/relation.ts'
import type { StageNames } from './stage-names.ts'

export interface CensoredRows {
  /** One row: the last instant whose outcome is complete. */
  readonly stage: Stage
  readonly join: Join
  /** `_censored`; never NULL: a question without an instant has no complete outcome either. */
  readonly column: Projection
  /** The value where the outcome is complete or only flagged, NULL where it is dropped. */
  readonly unlessDropped: (value: Expr, type: string) => Expr
}

/** What tells the censored rows of a sample read as `alias`; undefined when the dataset has none to tell. */
export function censoredRows(
  bound: BoundDataset,
  alias: string,
  catalog: Catalog,
  names: StageNames,
): CensoredRows | undefined {
  const { censoring, horizon } = bound
  if (!censoring || horizon === undefined) return undefined
  const name = names.take('_complete')
  const complete = expr.compare('<=', expr.column(alias, 'as_of'), expr.column(name, 'until'))
  const flag = (value: boolean): Expr => expr.literal('bool', value)
  return {
    stage: {
      name,
      comment: 'The last instant whose outcome is complete.',
      relation: {
        kind: 'opaque',
        text: knownUntilSql(censoring.known, horizon, bound, catalog),
        origin: { kind: 'generated' },
        view: `target "${bound.dataset.target?.name}"`,
        targets: {},
      },
    },
    join: { type: 'cross', source: { relation: { kind: 'table', name }, alias: name }, on: [] },
    column: { name: '_censored', expr: expr.case([{ when: complete, value: flag(false) }], flag(true)) },
    unlessDropped: (value, type) =>
      censoring.mode === 'drop' ? expr.case([{ when: complete, value }], expr.literal(type, null)) : value,
  }
}

/** Always one row, also where nothing is known: max() of nothing is NULL, and then no outcome is complete. */
function knownUntilSql(known: KnownUntil, horizon: number, bound: BoundDataset, catalog: Catalog): string {
  const before = printInterval(horizon)
  if (known.kind === 'instant') return `SELECT ${printLiteral(known.at, 'timestamptz')} - ${before} AS until`
  const latest = (column: string, from: string) =>
    `SELECT max(${column}) - ${before} AS until FROM ${from} WHERE ${column} < timestamptz 'infinity'`
  if (known.kind === 'query') return latest('q.known_until', `(\n${known.text}\n) AS q (known_until)`)
  const column = `e.${quoteIdentifier(known.column)}`
  if (known.relation) return latest(column, `${quoteName(located(known.relation, catalog))} AS e`)
  const { target } = bound.dataset
  if (!target) throw new InternalError('Only a target has outcomes')
  return latest(column, eventsFrom(target.query, target.name, catalog))
}

/** A target's events as a FROM item named `e`: a table by its name, so that its indexes serve. */
export function eventsFrom(query: ViewQuery, target: string, catalog: Catalog): string {
  if (query.kind === 'relation') return `${quoteName(located(query.relation, catalog))} AS e`
  return `(\n${viewText(query, catalog, `target "${target}"`).text}\n) AS e`
}

/** With its schema: a stage that has the name of a table is not taken for it. */
function located(relation: RelationName, catalog: Catalog): RelationName {
  const found = findRelation(catalog, relation.name, relation.schema)
  return found ? { schema: found.schema, name: found.name } : relation
}
