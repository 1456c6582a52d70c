import { expr } from '../ir/expression.ts'
import type { Source } from '../ir/relation.ts'
import type { Spine } from './bind-spine.ts'

/**
 * The spine in the order of keys and instants, for joins that look each row up in an index: neighbours find the pages of
 * the index and of the table warm. Measured on 1 million questions over 2 million rows, all in memory: 1.6 s against 3.6 s;
 * where the disk is read it is more.
 */
export const inKeyOrder = (spine: Spine, on: readonly (readonly [key: string, spineColumn: string])[]): Source => ({
  relation: {
    kind: 'select',
    from: { relation: { kind: 'table', name: spine.name }, alias: spine.name },
    joins: [],
    columns: spine.columns.map((name) => ({ name, expr: expr.column(spine.name, name) })),
    distinct: false,
    order: [...on.map(([, column]) => expr.column(spine.name, column)), expr.column(spine.name, 'as_of')],
    fence: false,
  },
  alias: spine.name,
})
