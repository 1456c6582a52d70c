/** What the items of a FROM clause offer, and what decides which of their rows there are. */
import type { Node } from '../../front/sql/parser.ts'
import { child, list, nameParts, text } from '../../front/sql/tree.ts'
import { traceExpression } from './expression.ts'
import { lost, merge, nothing, type Traced, through } from './influence.ts'
import { emptyLevel, type Level, levelOf, type Named, type Relation, together } from './namespace.ts'
import { relationColumns } from './relation.ts'
import { documentColumns, functionColumns } from './table-functions.ts'
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
    if (items.length === 1) return found
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
  // Functions are LATERAL whether they say so or not.
  const call = child(item, 'RangeFunction')
  if (call) return called(child(call, 'alias'), firstFunction(call), functionColumns(call, within(scope, before)))
  const table = child(item, 'RangeTableFunc') ?? child(item, 'JsonTable')
  if (table) return called(child(table, 'alias'), undefined, documentColumns(table, within(scope, before)))
  return called(undefined, undefined, nowhere)
}

const nowhere: Relation = { columns: [], rows: lost, open: lost }

function called(alias: Node | undefined, own: string | undefined, relation: Relation): FromItem {
  const names = nameParts(list(alias, 'colnames'))
  const columns = relation.columns.map(([name, t], i) => [names[i] ?? name, t] as const)
  // Names may be given to columns that are not known otherwise.
  const more = relation.open === undefined ? [] : names.slice(columns.length)
  const made = relation.open ?? lost
  const all = { ...relation, columns: [...columns, ...more.map((name) => [name, made] as const)] }
  const level = levelOf(text(alias, 'aliasname'), own, all)
  return { level: relation.order ? { ...level, order: relation.order } : level, rows: relation.rows }
}

const firstFunction = (call: Node): string | undefined =>
  nameParts(list(child(list(child(list(call, 'functions')[0], 'List'), 'items')[0], 'FuncCall'), 'funcname')).at(-1)

function traceJoin(join: Node, scope: Scope, before: Level): FromItem {
  const left = traceItem(child(join, 'larg') ?? {}, scope, before)
  const right = traceItem(child(join, 'rarg') ?? {}, scope, together([before, left.level]))
  const both = together([left.level, right.level])
  const merged = mergedNames(join, left.level, right.level)
  const pairs = merged.map((name) => ({ name, left: one(left.level, name), right: one(right.level, name) }))
  for (const p of pairs) for (const side of [p.left, p.right]) scope.read(side)
  const type = text(join, 'jointype')
  const named = pairs.map((p) => [p.name, mergedColumn(type, p.left, p.right)] as const)
  const rest = (level: Level) => level.columns.filter(([name]) => !merged.includes(name))
  const columns = [...named, ...rest(left.level), ...rest(right.level)]
  const condition = through(
    'join',
    merge([traceExpression(join['quals'], within(scope, both)), ...pairs.flatMap((p) => [p.left, p.right])]),
  )
  const rows = merge([left.rows, right.rows, condition])
  const alias = child(join, 'alias')
  // An alias of the join hides what it is made of; an alias of USING offers the merged columns beside it.
  if (alias) return called(alias, undefined, { columns, rows })
  const using = text(child(join, 'join_using_alias'), 'aliasname')
  const usingNamed: Named[] = using === undefined ? [] : [{ name: using, relation: { columns: named, rows: nothing } }]
  return { level: { named: [...both.named, ...usingNamed], columns, open: both.open }, rows }
}

/** A merged column is that of the side which is always there; of a FULL JOIN, the left one unless it is NULL. */
function mergedColumn(type: string | undefined, left: Traced, right: Traced): Traced {
  if (type === 'JOIN_RIGHT') return right
  if (type !== 'JOIN_FULL') return left
  return merge([through('transformation', merge([left, right])), through('condition', left)])
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
