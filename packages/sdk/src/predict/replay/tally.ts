/** Counts of a replay, added up over its lots. */
import { type Diagnostic, quoteIdentifier, scoreColumns } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import type { Attributed } from './causes.ts'
import { hashKeys, inputCompares, isComplete, tables } from './compared-values.ts'
import { rowColumn } from './over-log.ts'
import { type Replay, type ReplayCause, type ReplayedColumn, replayCauses } from './replay-report.ts'
import type { Replayed } from './steps.ts'

interface Column {
  compared: number
  readonly causes: Map<ReplayCause, number>
  /** Sum over the rows that differ, their number, and the largest; null as long as none is a number. */
  moved: { sum: number; rows: number; largest: number } | null
}

export interface Tally {
  readonly rows: () => number
  readonly add: (tx: Database, rows: number, attributed: Attributed) => Promise<void>
  readonly report: () => Replay
}

export function tally(replayed: Replayed, logged: number, warnings: readonly Diagnostic[]): Tally {
  const { inputs, record, bound } = replayed
  const columns = new Map<number, Column>(
    [0, ...inputs.map((i) => i.no)].map((no) => [no, { compared: 0, causes: new Map(), moved: null }]),
  )
  const viewOf = new Map(bound.uses.flatMap((u) => u.features.map((f) => [f.name, u.use.view.name] as const)))
  const changedViews = new Set<string>()
  const createIndexes = new Set<string>()
  let rows = 0
  let different = 0
  let notExamined = 0
  let largest: number | null = null
  const of = (no: number): Column => columns.get(no) as Column

  async function add(tx: Database, more: number, attributed: Attributed): Promise<void> {
    rows += more
    notExamined += attributed.notExamined
    for (const view of attributed.changedViews) changedViews.add(view)
    for (const statement of attributed.createIndexes) createIndexes.add(statement)
    const counts = inputs.map((i) => `count(*) FILTER (WHERE ${inputCompares(i)})`)
    const compared = await tx.query(
      `SELECT ${['count(*)', ...counts].join(', ')} FROM ${tables.logged} AS l CROSS JOIN ${hashKeys}`,
      replayed.keys,
    )
    for (const [i, n] of (compared.rows[0] ?? []).entries()) of(i).compared += Number(n)
    const found = await tx.rows<{
      no: number
      cause: ReplayCause
      n: number
      moved: number
      sum: number | null
      most: number | null
    }>(
      `SELECT no, cause, count(*)::int4 AS n, count(moved)::int4 AS moved, sum(moved) AS sum, max(moved) AS most
       FROM ${tables.difference} GROUP BY 1, 2`,
    )
    for (const { no, cause, n, moved, sum, most } of found) {
      const column = of(no)
      column.causes.set(cause, (column.causes.get(cause) ?? 0) + n)
      if (sum === null || most === null) continue
      const before = column.moved ?? { sum: 0, rows: 0, largest: 0 }
      column.moved = { sum: before.sum + sum, rows: before.rows + moved, largest: Math.max(before.largest, most) }
    }
    const scores = scoreColumns(record).map((c) => `abs(n.${quoteIdentifier(c)} - s.${quoteIdentifier(c)})`)
    const [all] = await tx.rows<{ n: number; most: number | null }>(
      `SELECT count(DISTINCT d.${rowColumn}) FILTER (WHERE d.cause <> 'rounding')::int4 AS n,
         max(greatest(${scores.join(', ')})) FILTER (WHERE ${isComplete(inputs)}) AS most
       FROM ${tables.difference} d JOIN ${tables.logged} l USING (${rowColumn})
       JOIN ${tables.said} s ON s.${rowColumn} = d.${rowColumn} JOIN ${tables.now} n ON n.${rowColumn} = d.${rowColumn}`,
    )
    different += all?.n ?? 0
    if (all && all.most !== null) largest = Math.max(largest ?? 0, all.most)
  }

  function report(): Replay {
    const total = [...columns.values()].reduce((sum, c) => sum + (c.moved?.sum ?? 0), 0)
    const told = (no: number, name: string | null): ReplayedColumn => {
      const { compared, causes, moved } = of(no)
      return {
        column: name,
        view: name === null ? null : (viewOf.get(name) ?? null),
        compared,
        different: [...causes.values()].reduce((sum, n) => sum + n, 0),
        causes: inOrder(causes),
        moved: moved && {
          mean: moved.sum / moved.rows,
          largest: moved.largest,
          share: total > 0 ? moved.sum / total : 0,
        },
      }
    }
    const all = new Map<ReplayCause, number>()
    for (const { causes } of columns.values()) for (const [c, n] of causes) all.set(c, (all.get(c) ?? 0) + n)
    return {
      model: record.name,
      version: record.version,
      logged,
      rows,
      equal: rows - different,
      columns: [told(0, null), ...inputs.map((i) => told(i.no, i.name))],
      causes: inOrder(all),
      largestMovement: largest,
      changedViews: [...changedViews].sort(),
      notExamined,
      createIndexes: notExamined === 0 ? [] : [...createIndexes].sort(),
      warnings,
    }
  }
  return { rows: () => rows, add, report }
}

const inOrder = (causes: ReadonlyMap<ReplayCause, number>): Replay['causes'] =>
  Object.fromEntries(replayCauses.flatMap((c) => (causes.has(c) ? [[c, causes.get(c)]] : [])))
