/** Functions in FROM: which columns they give, and what each is made of. */
import { functionName, mayReadTables } from '../../front/sql/functions.ts'
import type { Node } from '../../front/sql/parser.ts'
import { child, list, text } from '../../front/sql/tree.ts'
import { traceExpression } from './expression.ts'
import { lost, merge, nothing, type Traced, through } from './influence.ts'
import type { Relation } from './namespace.ts'
import type { Scope } from './tracer.ts'

type Columns = Relation['columns']

/** Of functions of pg_catalog with OUT parameters: their columns. */
const outColumns: Readonly<Record<string, readonly string[]>> = {
  json_each: ['key', 'value'],
  json_each_text: ['key', 'value'],
  jsonb_each: ['key', 'value'],
  jsonb_each_text: ['key', 'value'],
  json_array_elements: ['value'],
  json_array_elements_text: ['value'],
  jsonb_array_elements: ['value'],
  jsonb_array_elements_text: ['value'],
}
/** Functions of pg_catalog that give one column, which goes by the alias, or by their own name. */
const oneColumn = new Set([
  'generate_series',
  'generate_subscripts',
  'json_object_keys',
  'jsonb_object_keys',
  'jsonb_path_query',
  'jsonb_path_query_tz',
  'regexp_matches',
  'regexp_split_to_table',
  'string_to_table',
])

interface Made {
  readonly columns: Columns
  /** What decides how many rows there are. */
  readonly rows: Traced
  /** True when there may be more columns than these. */
  readonly open: boolean
}

/** The columns of `RangeFunction`, before its alias renames them. */
export function functionColumns(call: Node, scope: Scope): Relation {
  const functions = list(call, 'functions').map((f) => list(child(f, 'List'), 'items'))
  const alias = functions.length === 1 ? text(child(call, 'alias'), 'aliasname') : undefined
  const made = functions.map(([expression = {}, definitions]) => {
    const own = list(child(definitions, 'List'), 'items')
    return one(expression, own.length > 0 ? own : list(call, 'coldeflist'), alias, scope)
  })
  const rows = merge(made.map((m) => m.rows))
  const ordinality = call['ordinality'] === true ? [['ordinality', nothing] as const] : []
  return {
    columns: [...made.flatMap((m) => m.columns), ...ordinality],
    rows: through('filter', rows),
    ...(made.some((m) => m.open) ? { open: through('transformation', rows) } : {}),
  }
}

function one(expression: Node, definitions: readonly Node[], alias: string | undefined, scope: Scope): Made {
  const call = child(expression, 'FuncCall')
  const { schema, name } = call ? functionName(call) : { schema: undefined, name: '' }
  const builtIn = (schema ?? 'pg_catalog') === 'pg_catalog'
  const args = list(call, 'args').map((a) => through('transformation', traceExpression(a, scope)))
  const whole = call ? merge(args) : through('transformation', traceExpression(expression, scope))
  // What a function reads by itself is not in its arguments.
  const all = call && mayReadTables(call) ? merge([whole, lost]) : whole
  const each = (names: readonly string[], open: boolean): Made => ({
    columns: names.map((n) => [n, all] as const),
    rows: all,
    open,
  })
  if (definitions.length > 0)
    return each(
      definitions.map((d) => text(child(d, 'ColumnDef'), 'colname') ?? ''),
      false,
    )
  if (builtIn && name === 'unnest' && args.length > 1)
    return { columns: args.map((a) => ['unnest', a] as const), rows: all, open: false }
  const known = builtIn && Object.hasOwn(outColumns, name) ? outColumns[name] : undefined
  if (known) return each(known, false)
  const own = alias ?? (name === '' ? undefined : name)
  return each(own === undefined ? [] : [own], !(builtIn && oneColumn.has(name)))
}

/** The columns of XMLTABLE and JSON_TABLE: each of the document, its own path and its own default. */
export function documentColumns(call: Node, scope: Scope): Relation {
  const { alias: _, columns: _c, ...document } = call
  const all = through('transformation', traceExpression([document], scope))
  const columns = listedColumns(list(call, 'columns'), all, scope)
  return { columns, rows: through('filter', merge([all])) }
}

function listedColumns(items: readonly Node[], document: Traced, scope: Scope): Columns {
  const own = items.map((item): Columns => {
    const node = child(item, 'RangeTableFuncCol') ?? child(item, 'JsonTableColumn')
    const nested = list(node, 'columns')
    if (nested.length > 0) return []
    const name = text(node, 'colname') ?? text(node, 'name') ?? ''
    if (node?.['for_ordinality'] === true || text(node, 'coltype') === 'JTC_FOR_ORDINALITY') return [[name, nothing]]
    const { typeName: _, ...rest } = node ?? {}
    return [[name, merge([document, through('transformation', traceExpression([rest], scope))])]]
  })
  // Nested columns come after those of the level they are in.
  const below = items.map((item) => listedColumns(list(child(item, 'JsonTableColumn'), 'columns'), document, scope))
  return [...own.flat(), ...below.flat()]
}
