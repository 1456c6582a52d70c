/** Joins of very many views, some at a time: what a planner keeps for all of them at once grows faster than their number. */
import { children, type Expr, expr } from '../ir/expression.ts'
import type { Join, Projection, Select, Source, Stage } from '../ir/relation.ts'
import type { Spine } from './bind-spine.ts'
import type { StageNames } from './stage-names.ts'

/** The embedded engine has memory to plan 250 joins and not 500. */
const most = 100

/**
 * The stage `name` with `columns` over the spine and `joins`. With more than a hundred joins the questions are numbered, and
 * stages before it take a hundred each, so that each is planned with its own columns only; the numbers bring them together.
 */
export function joinsInSteps(
  name: string,
  spine: Spine,
  from: Source,
  joins: readonly Join[],
  columns: readonly Projection[],
  names: StageNames,
): Stage[] {
  if (joins.length <= most) return [{ name, relation: selectOf(from, joins, columns, false) }]
  const rows = names.take('_rows')
  const numbered: Stage = {
    name: rows,
    inline: false,
    relation: {
      kind: 'opaque',
      text: 'SELECT s.*, row_number() OVER () AS _row FROM spine AS s',
      origin: { kind: 'generated' },
      view: rows,
      targets: { spine: spine.name },
    },
  }
  // Joins name the questions by the alias they have there.
  const source: Source = { relation: { kind: 'table', name: rows }, alias: spine.name }
  const row: Projection = { name: '_row', expr: expr.column(spine.name, '_row') }
  const steps: Stage[] = []
  const home = new Map<string, string>()
  for (let start = 0; start < joins.length; start += most) {
    const some = joins.slice(start, start + most)
    const aliases = new Set(some.map((j) => j.source.alias))
    const own = columns.filter((c) => reads(c.expr, aliases))
    const step = names.take(`${name}_${steps.length + 1}`)
    for (const c of own) home.set(c.name, step)
    steps.push({ name: step, relation: selectOf(source, some, [row, ...own], true) })
  }
  const together = steps.map(
    (s): Join => ({
      type: 'left',
      source: { relation: { kind: 'table', name: s.name }, alias: s.name },
      on: [expr.compare('=', expr.column(s.name, '_row'), expr.column(spine.name, '_row'))],
    }),
  )
  const last = columns.map((c) => {
    const step = home.get(c.name)
    return step === undefined ? c : { name: c.name, expr: expr.column(step, c.name) }
  })
  return [numbered, ...steps, { name, relation: selectOf(source, together, last, false) }]
}

const reads = (e: Expr, aliases: ReadonlySet<string>): boolean =>
  e.kind === 'column' ? aliases.has(e.of) : children(e).some((c) => reads(c, aliases))

const selectOf = (from: Source, joins: readonly Join[], columns: readonly Projection[], fence: boolean): Select => ({
  kind: 'select',
  from,
  joins,
  columns,
  distinct: false,
  fence,
})
