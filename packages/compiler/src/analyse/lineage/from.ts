/** What the items of a FROM clause offer, and what decides which of their rows there are. */
import type { Node } from '../../front/sql/parser.ts'
import { child, list, nameParts, text } from '../../front/sql/tree.ts'
import { traceExpression } from './expression.ts'
import { lost, merge, nothing, type Traced, through } from './influence.ts'
import { emptyLevel, type Level, levelOf, type Named, type Relation, together } from './namespace.ts'
import { relationColumns } from './relation.ts'
import { type Scope, within } from './tracer.ts'

export interface FromItem {
  readonly level: Level
  readonly rows: Traced
}

/** The items in order; each sees those before it when it is LATERAL. */
export function traceFrom(items: readonly Node[], scope: Scope): FromItem {
  let all: FromItem = { level: emptyLevel, rows: nothing }
  for (const item of items) {
    const found = traceItem(item, scope, all.level)
    all = { level: together([all.level, found.level]), rows: merge([all.rows, found.rows]) }
  }
  return all
}

/** @param before what stands to the left, for LATERAL items; others do not see it, and do not name it either. */
function traceItem(item: Node, scope: Scope, before: Level): FromItem {
  const join = child(item, 'JoinExpr')
  if (join) return traceJoin(join, scope, before)
  const range = child(item, 'RangeVar')
  if (range) {
    const name = text(range, 'relname') ?? ''
    const relation = relationColumns(name, text(range, 'schemaname'), scope)
    return called(child(range, 'alias'), name, relation)
  }
  const sub = child(item, 'RangeSubselect')
  if (sub) {
    const select = child(child(sub, 'subquery'), 'SelectStmt')
    const inner = sub['lateral'] === true ? within(scope, before) : scope
    return called(child(sub, 'alias'), undefined, select ? scope.select(select, inner) : nowhere)
  }
  const sample = child(item, 'RangeTableSample')
  if (sample) {
    const found = traceItem(child(sample, 'relation') ?? {}, scope, before)
    return { ...found, rows: merge([found.rows, through('filter', traceExpression(sample['args'], scope))]) }
  }
  const call = child(item, 'RangeFunction') ?? child(item, 'RangeTableFunc') ?? child(item, 'JsonTable')
  if (call) return traceFunction(item, call, within(scope, before))
  return { level: levelOf(undefined, nowhere), rows: lost }
}

const nowhere: Relation = { columns: [], rows: lost, open: lost }

function called(alias: Node | undefined, own: string | undefined, relation: Relation): FromItem {
  const names = nameParts(list(alias, 'colnames'))
  const columns = relation.columns.map(([name, t], i) => [names[i] ?? name, t] as const)
  return { level: levelOf(text(alias, 'aliasname') ?? own, { ...relation, columns }), rows: relation.rows }
}

/** A function's columns are made of its arguments; a function without declared columns offers any. */
function traceFunction(item: Node, call: Node, scope: Scope): FromItem {
  const { alias: _, coldeflist: _c, columns: _d, ...body } = call
  const made = through('transformation', traceExpression({ [Object.keys(item)[0] ?? '']: body }, scope))
  const alias = child(call, 'alias')
  const declared = [
    ...nameParts(list(alias, 'colnames')),
    ...list(call, 'coldeflist').map((c) => text(child(c, 'ColumnDef'), 'colname') ?? ''),
    ...list(call, 'columns').map(
      (c) => text(child(c, 'RangeTableFuncCol'), 'colname') ?? text(child(c, 'JsonTableColumn'), 'name') ?? '',
    ),
  ]
  const name = text(alias, 'aliasname') ?? functionName(call)
  // A function that returns one value gives a column by the name of its alias, or its own.
  const columns = declared.length > 0 ? declared : name === undefined ? [] : [name]
  const relation: Relation = {
    columns: columns.map((c) => [c, made] as const),
    rows: through('filter', made),
    open: made,
  }
  return { level: levelOf(name, relation), rows: relation.rows }
}

const functionName = (call: Node): string | undefined =>
  nameParts(list(child(list(child(list(call, 'functions')[0], 'List'), 'items')[0], 'FuncCall'), 'funcname')).at(-1)

function traceJoin(join: Node, scope: Scope, before: Level): FromItem {
  const left = traceItem(child(join, 'larg') ?? {}, scope, before)
  const right = traceItem(child(join, 'rarg') ?? {}, scope, together([before, left.level]))
  const both = together([left.level, right.level])
  const merged = mergedNames(join, left.level, right.level)
  const pairs = merged.map((name) => [name, merge([one(left.level, name), one(right.level, name)])] as const)
  const rest = (level: Level) => level.columns.filter(([name]) => !merged.includes(name))
  const columns = [...pairs, ...rest(left.level), ...rest(right.level)]
  for (const [, t] of pairs) scope.read(t)
  const condition = through(
    'join',
    merge([traceExpression(join['quals'], within(scope, both)), ...pairs.map(([, t]) => t)]),
  )
  const rows = merge([left.rows, right.rows, condition])
  const alias = child(join, 'alias')
  // An alias of the join hides what it is made of; an alias of USING offers the merged columns beside it.
  if (alias) return called(alias, undefined, { columns, rows })
  const using = text(child(join, 'join_using_alias'), 'aliasname')
  const usingNamed: Named[] = using === undefined ? [] : [{ name: using, relation: { columns: pairs, rows: nothing } }]
  return { level: { named: [...both.named, ...usingNamed], columns, open: both.open }, rows }
}

function mergedNames(join: Node, left: Level, right: Level): string[] {
  if (join['isNatural'] !== true) return nameParts(list(join, 'usingClause'))
  const there = new Set(right.columns.map(([name]) => name))
  return [...new Set(left.columns.map(([name]) => name))].filter((name) => there.has(name))
}

function one(level: Level, name: string): Traced {
  const found = level.columns.filter(([n]) => n === name)
  return found.length === 1 ? (found[0]?.[1] ?? lost) : (level.open[0] ?? lost)
}
