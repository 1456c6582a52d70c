/** Whether a query provably returns one row per key. A proof or nothing: "unknown" is answered with false. */

import { type SqlFacts, sqlFacts } from '../front/sql/facts.ts'
import type { Node, Speaker } from '../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, number, text } from '../front/sql/tree.ts'
import { type Catalog, findRelation } from '../ir/catalog.ts'

const speaker: Speaker = { view: 'view', file: 'view' }

/**
 * True when rows are unique on `keys` (output names): by GROUP BY or DISTINCT ON over them, or because a single relation
 * is read whose unique index lies within them. `spine` counts as unique on `spineKeys`.
 */
export function isUniqueOn(
  facts: SqlFacts,
  keys: readonly string[],
  catalog: Catalog,
  spineKeys?: readonly string[],
): boolean {
  const { select } = facts
  if (isSetOperation(select) || select.valuesLists !== undefined) return false
  const wanted = new Set(keys)
  const outputs = list(select, 'targetList').map((t, i) => ({
    name: facts.outputs[i]?.name,
    value: child(child(t, 'ResTarget'), 'val'),
  }))
  const grouped = list(select, 'groupClause')
  const distinctOn = list(select, 'distinctClause').filter((d) => Object.keys(d).length > 0)
  for (const clause of [grouped, distinctOn]) {
    if (clause.length > 0 && clause.every((item) => wanted.has(outputOf(item, outputs) ?? ''))) return true
  }
  // Without GROUP BY, or with one the keys do not cover, only the source can be unique.
  if (grouped.length > 0) return false
  const from = list(select, 'fromClause')
  const range = from.length === 1 ? preservedSide(from[0] as Node, catalog) : undefined
  if (!range || hasSetReturning(outputs)) return false
  const alias = text(child(range, 'alias'), 'aliasname') ?? text(range, 'relname')
  const single = child(from[0], 'RangeVar') !== undefined
  const columns = outputs
    .filter((o) => wanted.has(o.name ?? ''))
    .map((o) => nameParts(list(child(o.value, 'ColumnRef'), 'fields')))
    .flatMap((f) => (f.at(-2) === alias || (single && f.length === 1) ? f.slice(-1) : []))
  const star = single && outputs.some((o) => o.name === undefined)
  return relationUnique(range, star ? [...columns, ...keys] : columns, catalog, spineKeys)
}

/** The relation whose rows come out once each: a lone one, or the left of LEFT JOINs that each match one row at most. */
function preservedSide(item: Node, catalog: Catalog): Node | undefined {
  const range = child(item, 'RangeVar')
  if (range) return range
  const join = child(item, 'JoinExpr')
  if (!join || text(join, 'jointype') !== 'JOIN_LEFT' || join.isNatural === true) return undefined
  const right = child(child(join, 'rarg'), 'RangeVar')
  if (!right) return undefined
  const alias = text(child(right, 'alias'), 'aliasname') ?? text(right, 'relname') ?? ''
  const matched = [...nameParts(list(join, 'usingClause')), ...equalColumns(child(join, 'quals'), alias)]
  if (!relationUnique(right, matched, catalog, undefined)) return undefined
  return preservedSide(child(join, 'larg') as Node, catalog)
}

/** Columns of `alias` that a condition sets equal to a column of another relation, at the top of its ANDs. */
function equalColumns(condition: Node | undefined, alias: string): string[] {
  const and = child(condition, 'BoolExpr')
  if (and) {
    if (text(and, 'boolop') !== 'AND_EXPR') return []
    return list(and, 'args').flatMap((arg) => equalColumns(arg, alias))
  }
  const equal = child(condition, 'A_Expr')
  const operator = text(child(list(equal, 'name')[0], 'String'), 'sval')
  if (text(equal, 'kind') !== 'AEXPR_OP' || operator !== '=') return []
  const sides = ['lexpr', 'rexpr'].map((k) => nameParts(list(child(child(equal, k), 'ColumnRef'), 'fields')))
  return sides.flatMap((own, i) => {
    const other = sides[1 - i] ?? []
    return own.at(-2) === alias && other.length > 1 && other.at(-2) !== alias ? own.slice(-1) : []
  })
}

function relationUnique(
  range: Node,
  columns: readonly string[],
  catalog: Catalog,
  spineKeys: readonly string[] | undefined,
): boolean {
  const name = text(range, 'relname') ?? ''
  const schema = text(range, 'schemaname')
  const within = (key: readonly string[]) => key.length > 0 && key.every((c) => columns.includes(c))
  if (spineKeys && name === 'spine' && schema === undefined) return within(spineKeys)
  const relation = findRelation(catalog, name, schema)
  if (relation?.kind === 'view' && relation.definition !== undefined) {
    return isUniqueOn(sqlFacts(relation.definition, speaker), columns, catalog)
  }
  return relation?.indexes.some((i) => i.unique && i.total && within(i.columns)) ?? false
}

type Output = { readonly name: string | undefined; readonly value: Node | undefined }

/** The output a GROUP BY or DISTINCT ON item stands for: by ordinal, by output name, or by being the same column. */
function outputOf(item: Node, outputs: readonly Output[]): string | undefined {
  const ordinal = number(child(child(item, 'A_Const'), 'ival'), 'ival')
  if (ordinal !== undefined) return outputs[ordinal - 1]?.name
  const fields = nameParts(list(child(item, 'ColumnRef'), 'fields'))
  if (fields.length === 0) return undefined
  const same = outputs.find((o) => {
    const own = nameParts(list(child(o.value, 'ColumnRef'), 'fields'))
    return (
      own.length > 0 &&
      own.at(-1) === fields.at(-1) &&
      (own.length === 1 || fields.length === 1 || own.join('.') === fields.join('.'))
    )
  })
  return same?.name
}

const hasSetReturning = (outputs: readonly Output[]): boolean =>
  outputs.some((o) => {
    const name = nameParts(list(child(o.value, 'FuncCall'), 'funcname')).at(-1) ?? ''
    return /^(unnest|generate_series|jsonb?_array_elements|jsonb?_each|regexp_matches|regexp_split_to_table|string_to_table)/.test(
      name,
    )
  })
