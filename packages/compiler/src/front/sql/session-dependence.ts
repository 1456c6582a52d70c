/**
 * What in a user's SQL depends on the session that asks: its time zone above all. Training runs under UTC; whoever runs the
 * prediction query later may not, and on a distributed database the workers have zones of their own.
 *
 * Types are followed only as far as names and casts tell; where they are not known, nothing is said.
 */
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts'
import { locate } from '../../diagnostics/locate.ts'
import { type Catalog, findRelation } from '../../ir/catalog.ts'
import { type SqlType, sqlType } from '../../ir/type.ts'
import type { SqlFacts } from './facts.ts'
import { functionName } from './functions.ts'
import { characterOffsets, type Node, type Speaker } from './parser.ts'
import { child, list, nameParts, number, text as str, walk } from './tree.ts'

/** Name → type of a column, for one SELECT: bare names that two relations share are left out. */
type Columns = ReadonlyMap<string, SqlType>

const withoutZone = new Set(['timestamp', 'date', 'time'])
const sameType = new Set([
  'max',
  'min',
  'coalesce',
  'first_value',
  'last_value',
  'lag',
  'lead',
  'date_trunc',
  'any_value',
])
const session = new Set(['current_setting', 'inet_client_addr', 'pg_backend_pid', 'version', 'current_schemas'])
const sessionValues = /^(current_user|current_role|user|session_user|current_catalog|current_schema)$/

/**
 * Warnings `sql/time-zone` and `sql/session`, each at its place.
 */
export function sessionDependence({ select, text }: SqlFacts, speaker: Speaker, catalog: Catalog): Diagnostic[] {
  const at = characterOffsets(text)
  const found = new Map<string, Diagnostic>()
  const zone = (node: Node, what: string, instead: string): void => {
    const offset = at(number(node, 'location') ?? 0)
    if (found.has(`${offset}`)) return
    const place = locate(speaker.file, text, offset, 1)
    found.set(`${offset}`, diagnostic('sql/time-zone', { view: speaker.view, what, instead }, place))
  }
  const other = (node: Node, what: string): void => {
    const offset = at(number(node, 'location') ?? 0)
    found.set(
      `${offset}`,
      diagnostic('sql/session', { view: speaker.view, what }, locate(speaker.file, text, offset, what.length)),
    )
  }
  const inSelect = (node: Node): void => {
    const columns = columnsOf(node, catalog)
    const typeOf = (value: Node | undefined): SqlType | undefined => typed(value, columns)
    walk(Object.values(node), (type, inner) => {
      if (type === 'SelectStmt') {
        inSelect(inner)
        return false
      }
      if (type === 'TypeCast') inspectCast(inner, typeOf, zone)
      if (type === 'FuncCall') {
        inspectCall(inner, typeOf, zone)
        const { name } = functionName(inner)
        if (session.has(name)) other(inner, `${name}()`)
      }
      if (type === 'A_Expr') inspectOperator(inner, typeOf, zone)
      if (type === 'SQLValueFunction') {
        const op = str(inner, 'op')?.replace('SVFOP_', '').toLowerCase() ?? ''
        if (sessionValues.test(op)) other(inner, op)
      }
      return undefined
    })
  }
  inSelect(select)
  return [...found.values()]
}

type Zone = (node: Node, what: string, instead: string) => void
type TypeOf = (value: Node | undefined) => SqlType | undefined

function inspectCast(cast: Node, typeOf: TypeOf, zone: Zone): void {
  const to = castType(cast)
  const arg = child(cast, 'arg')
  const from = typeOf(arg)
  const literal = str(child(child(arg, 'A_Const'), 'sval'), 'sval')
  if (from === 'timestamptz' && withoutZone.has(to))
    zone(cast, `a cast of timestamptz to ${to}`, `(… AT TIME ZONE 'UTC')${to === 'timestamp' ? '' : `::${to}`}`)
  if (to === 'timestamptz' && from !== undefined && withoutZone.has(from))
    zone(cast, `a cast of ${from} to timestamptz`, "… AT TIME ZONE 'UTC'")
  if (to === 'timestamptz' && literal !== undefined && !hasZone(literal))
    zone(cast, 'a timestamptz literal without a zone', "timestamptz '…+00'")
}

function inspectCall(call: Node, typeOf: TypeOf, zone: Zone): void {
  const { name } = functionName(call)
  const args = list(call, 'args')
  const types = args.map((a) => typeOf(a))
  if (name === 'date_trunc' && args.length === 2 && types[1] === 'timestamptz')
    zone(call, 'date_trunc of a timestamptz without a zone', "date_trunc(…, …, 'UTC')")
  if (
    (name === 'extract' || name === 'date_part') &&
    types[1] === 'timestamptz' &&
    !/^(epoch|julian)$/i.test(field(args[0]))
  )
    zone(call, `${name} of a timestamptz`, "extract(… FROM … AT TIME ZONE 'UTC')")
  if (name === 'to_char' && types[0] === 'timestamptz')
    zone(call, 'to_char of a timestamptz', "to_char(… AT TIME ZONE 'UTC', …)")
  if (name === 'date' && types[0] === 'timestamptz')
    zone(call, 'date() of a timestamptz', "(… AT TIME ZONE 'UTC')::date")
  if (name === 'to_timestamp' && args.length === 2)
    zone(call, 'to_timestamp of a text', "to_timestamp(… || ' +00', '… TZH')")
}

function inspectOperator(node: Node, typeOf: TypeOf, zone: Zone): void {
  const operator = nameParts(list(node, 'name')).at(-1) ?? ''
  const [left, right] = [typeOf(child(node, 'lexpr')), typeOf(child(node, 'rexpr'))]
  const both = [left, right]
  const mixed = both.includes('timestamptz') && both.some((t) => t !== undefined && withoutZone.has(t))
  if (mixed && /^(=|<>|<|<=|>|>=|-)$/.test(operator))
    zone(node, 'a timestamptz beside a value without a zone', "… AT TIME ZONE 'UTC'")
  const interval = intervalText(child(node, 'rexpr')) ?? intervalText(child(node, 'lexpr'))
  if (
    both.includes('timestamptz') &&
    /^[+-]$/.test(operator) &&
    interval !== undefined &&
    /\b(day|week|mon|month|year)s?\b/i.test(interval)
  )
    zone(
      node,
      `timestamptz ${operator} interval '${interval}', a day of which may have 23 or 25 hours`,
      "interval '24 hours' for a day",
    )
}

const hasZone = (literal: string): boolean =>
  // The sign of an offset stands behind a time; in a bare date it parts year, month and day.
  /(\d\s*(z|utc|gmt)|:\d.*[+-]\d\d(:?\d\d)?)\s*$/i.test(literal.trim()) || /infinity|epoch/i.test(literal)

const field = (node: Node | undefined): string => str(child(child(node, 'A_Const'), 'sval'), 'sval') ?? ''

const castType = (cast: Node): SqlType => sqlType(nameParts(list(child(cast, 'typeName'), 'names')).at(-1) ?? '')

function intervalText(node: Node | undefined): string | undefined {
  const cast = child(node, 'TypeCast')
  if (!cast || castType(cast) !== 'interval') return undefined
  return str(child(child(child(cast, 'arg'), 'A_Const'), 'sval'), 'sval')
}

/** Columns the SELECT's own FROM clause names; what a subquery or a WITH query returns is not followed. */
function columnsOf(select: Node, catalog: Catalog): Columns {
  const out = new Map<string, SqlType>()
  const shared = new Set<string>()
  const add = (alias: string, name: string, type: SqlType): void => {
    out.set(`${alias}.${name}`, type)
    if (out.has(name)) shared.add(name)
    out.set(name, type)
  }
  const hidden = new Set(
    list(child(select, 'withClause'), 'ctes').map((c) => str(child(c, 'CommonTableExpr'), 'ctename') ?? ''),
  )
  const item = (node: Node): void => {
    const join = child(node, 'JoinExpr')
    if (join) {
      item(child(join, 'larg') ?? {})
      item(child(join, 'rarg') ?? {})
      return
    }
    const range = child(node, 'RangeVar')
    if (!range) return
    const name = str(range, 'relname') ?? ''
    const schema = str(range, 'schemaname')
    const alias = str(child(range, 'alias'), 'aliasname') ?? name
    if (schema === undefined && hidden.has(name)) return
    if (name === 'spine' && schema === undefined) add(alias, 'as_of', 'timestamptz')
    if (list(child(range, 'alias'), 'colnames').length > 0) return
    for (const c of findRelation(catalog, name, schema)?.columns ?? []) add(alias, c.name, c.type)
  }
  for (const node of list(select, 'fromClause')) item(node)
  for (const name of shared) out.delete(name)
  return out
}

function typed(value: Node | undefined, columns: Columns): SqlType | undefined {
  const fields = nameParts(list(child(value, 'ColumnRef'), 'fields'))
  if (fields.length > 0) return columns.get(fields.slice(-2).join('.'))
  const cast = child(value, 'TypeCast')
  if (cast) return castType(cast)
  const call = child(value, 'FuncCall')
  if (call) {
    const { name } = functionName(call)
    const args = list(call, 'args')
    if (name === 'now' || name === 'to_timestamp') return 'timestamptz'
    // AT TIME ZONE takes a zone away, or gives one.
    if (name === 'timezone') {
      const inner = typed(args[1], columns)
      return inner === 'timestamptz' ? 'timestamp' : inner === undefined ? undefined : 'timestamptz'
    }
    return sameType.has(name) ? typed(args.at(-1), columns) : undefined
  }
  const several = child(value, 'CoalesceExpr') ?? child(value, 'MinMaxExpr')
  if (several) return typed(list(several, 'args')[0], columns)
  const operation = child(value, 'A_Expr')
  const operator = nameParts(list(operation, 'name')).at(-1) ?? ''
  if (!operation || !/^[+-]$/.test(operator) || intervalText(child(operation, 'rexpr')) === undefined) return undefined
  return typed(child(operation, 'lexpr'), columns)
}
