/** The names PostgreSQL gives to output columns (FigureColname in the server's parse_target.c). */
import type { Node } from './parser.ts'
import { child, list, nameParts, text } from './tree.ts'

/** The name of one item of a select list; undefined for `*`. */
export function outputName(target: Node): string | undefined {
  const alias = text(target, 'name')
  if (alias !== undefined) return alias
  const value = child(target, 'val')
  return isStar(value) ? undefined : (figure(value)?.name ?? '?column?')
}

export const isStar = (value: Node | undefined): boolean =>
  nameParts(list(child(value, 'ColumnRef'), 'fields')).at(-1) === '*'

/** A weak name gives way to the name of the type a value is cast to. */
interface Figured {
  readonly name: string
  readonly weak: boolean
}
const strong = (name: string | undefined): Figured | undefined =>
  name === undefined ? undefined : { name, weak: false }

const xml: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  IS_XMLSERIALIZE: 'xmlserialize',
}
const json: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
}
const fixed: Readonly<Record<string, string>> = {
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
}

function figure(value: Node | undefined): Figured | undefined {
  const [type = '', inner] = Object.entries(value ?? {})[0] ?? []
  const n = inner as Node
  switch (type) {
    case 'ColumnRef':
      return strong(
        nameParts(list(n, 'fields'))
          .filter((f) => f !== '*')
          .at(-1),
      )
    case 'A_Indirection': {
      const fields = list(n, 'indirection').flatMap((i) => text(child(i, 'String'), 'sval') ?? [])
      return strong(fields.at(-1)) ?? figure(child(n, 'arg'))
    }
    case 'FuncCall':
      return strong(nameParts(list(n, 'funcname')).at(-1))
    case 'A_Expr':
      return text(n, 'kind') === 'AEXPR_NULLIF' ? strong('nullif') : undefined
    case 'TypeCast': {
      const own = figure(child(n, 'arg'))
      const cast = nameParts(list(child(n, 'typeName'), 'names')).at(-1)
      return own !== undefined && !own.weak ? own : cast === undefined ? own : { name: cast, weak: true }
    }
    case 'CollateClause':
      return figure(child(n, 'arg'))
    case 'CaseExpr': {
      const otherwise = figure(child(n, 'defresult'))
      return otherwise !== undefined && !otherwise.weak ? otherwise : { name: 'case', weak: true }
    }
    case 'MinMaxExpr':
      return strong(text(n, 'op') === 'IS_LEAST' ? 'least' : 'greatest')
    case 'SQLValueFunction':
      return strong(text(n, 'op')?.replace('SVFOP_', '').replace(/_N$/, '').toLowerCase())
    case 'XmlExpr':
      return strong(xml[text(n, 'op') ?? ''])
    case 'JsonFuncExpr':
      return strong(json[text(n, 'op') ?? ''])
    case 'SubLink': {
      if (text(n, 'subLinkType') === 'EXISTS_SUBLINK') return strong('exists')
      if (text(n, 'subLinkType') === 'ARRAY_SUBLINK') return strong('array')
      if (text(n, 'subLinkType') !== 'EXPR_SUBLINK') return undefined
      const first = child(list(leftmost(child(child(n, 'subselect'), 'SelectStmt')), 'targetList')[0], 'ResTarget')
      const named = text(first, 'name')
      return named === undefined ? figure(child(first, 'val')) : strong(named)
    }
    default:
      return strong(fixed[type])
  }
}

/** The arm of set operations that names their columns. */
function leftmost(select: Node | undefined): Node | undefined {
  let arm = select
  for (let left = child(arm, 'larg'); left !== undefined; left = child(arm, 'larg')) arm = left
  return arm
}
