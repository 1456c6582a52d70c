/**
 * What in a user's SQL depends on the session that asks: its time zone above all. Training runs under UTC; whoever runs the
 * prediction query later may not, and on a distributed database the workers have zones of their own.
 *
 * Types are followed as far as the catalog and the text tell; where they are not known, nothing is said.
 */
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts'
import { locate } from '../../diagnostics/locate.ts'
import { type Catalog, findRelation } from '../../ir/catalog.ts'
import { type SqlType, sqlType } from '../../ir/type.ts'
import { type TypeOf, type TypesOf, walkTyped } from './column-types.ts'
import type { SqlFacts } from './facts.ts'
import { functionName } from './functions.ts'
import { characterOffsets, type Node, type Speaker } from './parser.ts'
import { child, list, nameParts, number, text as str } from './tree.ts'

type Found =
  | { readonly code: 'sql/time-zone'; readonly what: string; readonly instead: string }
  | { readonly code: 'sql/session'; readonly what: string; readonly hint?: string }
  | { readonly code: 'sql/clock'; readonly function: string }

/** Warnings `sql/time-zone`, `sql/session`, and `sql/clock` for literals such as 'today', each at its place. */
export function sessionDependence(
  facts: SqlFacts,
  speaker: Speaker,
  catalog: Catalog,
  spine: ReadonlyMap<string, SqlType> = new Map([['as_of', 'timestamptz']]),
): Diagnostic[] {
  const typesOf: TypesOf = (r) => {
    if (r.name === 'spine' && r.schema === undefined) return spine
    const relation = findRelation(catalog, r.name, r.schema)
    return relation && new Map(relation.columns.map((c) => [c.name, c.type]))
  }
  const at = characterOffsets(facts.text)
  const out: Diagnostic[] = []
  walkTyped(facts.select, typesOf, (type, node, typeOf) => {
    const found = dependence(type, node, typeOf)
    if (!found) return
    const { code, ...parameters } = found
    const offset = number(node, 'location') ?? -1
    const start = at(offset >= 0 ? offset : firstLocation(node))
    const word = /^(?:::|\w+|[<>=!]+)/.exec(facts.text.slice(start))?.[0] ?? ''
    const place = locate(speaker.file, facts.text, start, Math.max(1, word.length))
    out.push(diagnostic(code, { view: speaker.view, ...parameters }, place))
  })
  return out
}

/** `AT LOCAL`, `timestamptz '…'` and the like have no place of their own. */
function firstLocation(node: Node): number {
  for (const argument of [...list(node, 'args'), child(node, 'arg') ?? {}]) {
    const inner = Object.values(argument)[0] as Node | undefined
    const location = number(inner, 'location')
    if (location !== undefined && location >= 0) return location
  }
  return 0
}

function dependence(type: string, node: Node, typeOf: TypeOf): Found | undefined {
  if (type === 'TypeCast') return cast(node, typeOf)
  if (type === 'FuncCall') return call(node, typeOf)
  if (type === 'A_Expr') return operator(node, typeOf)
  if (type === 'SQLValueFunction') return valueFunction(str(node, 'op') ?? '')
  return undefined
}

const zone = (what: string, instead: string): Found => ({ code: 'sql/time-zone', what, instead })
const session = (what: string, hint?: string): Found => ({
  code: 'sql/session',
  what,
  ...(hint === undefined ? {} : { hint }),
})
const local = new Set<SqlType>(['date', 'timestamp', 'time', 'timetz'])
const written = new Set<SqlType>(['text', 'varchar', 'bpchar'])
const inUtc = "… AT TIME ZONE 'UTC'"

function cast(node: Node, typeOf: TypeOf): Found | undefined {
  const to = typeName(node)
  const argument = child(node, 'arg')
  const literal = str(child(child(argument, 'A_Const'), 'sval'), 'sval')
  if (literal !== undefined) return castLiteral(literal, to)
  const from = typeOf(argument)
  if (from === 'timestamptz' && (local.has(to) || written.has(to)))
    return zone(`a cast of timestamptz to ${to}`, `(${inUtc})${to === 'timestamp' ? '' : `::${to}`}`)
  if (to === 'timestamptz' && (from === 'timestamp' || from === 'date'))
    return zone(`a cast of ${from} to timestamptz`, inUtc)
  if (written.has(to) && (from === 'date' || from === 'timestamp'))
    return session(`DateStyle, as a ${from} becomes text`, 'Write to_char(…) with a format.')
  if (written.has(to) && from === 'interval')
    return session('IntervalStyle, as an interval becomes text', 'Write extract(epoch from …) or to_char(…).')
  if ((to === 'date' || to === 'timestamp' || to === 'timestamptz') && from !== undefined && written.has(from))
    return session(`DateStyle, as text becomes a ${to}`, 'Write to_date(…) with a format.')
  return undefined
}

const typeName = (castNode: Node): SqlType =>
  sqlType(nameParts(list(child(castNode, 'typeName'), 'names')).at(-1) ?? '')

/** The sign of an offset stands behind a time; in a bare date it parts year, month and day. */
const hasZone =
  /(?:\d\s*(?:z|utc|gmt)|:\d.*[+-]\d{1,2}(?::?\d\d)*|\s[a-z]+\/[a-z_/]+|:\d\d(?:\.\d+)?\s+[a-z]{2,5})\s*$/i

function castLiteral(literal: string, to: SqlType): Found | undefined {
  const word = literal.trim().toLowerCase()
  if (to === 'timestamptz' || to === 'timestamp' || to === 'date') {
    if (/^(now|today|tomorrow|yesterday)\b/.test(word)) return { code: 'sql/clock', function: `'${word}'` }
    if (/^(infinity|-infinity|epoch)$/.test(word)) return undefined
    if (/^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}/.test(word))
      return session('DateStyle, which says whether day or month comes first', 'Write dates as 2024-12-31.')
    if (to === 'timestamptz' && !hasZone.test(word))
      return zone('a timestamptz literal without a zone', "timestamptz '…+00'")
  }
  if (/^reg(class|proc|procedure|type|oper|operator)$/.test(to) && !/[.\d]/.test(word))
    return session('search_path, as the name is looked up in it', 'Write the name with its schema.')
  return undefined
}

/** Fields of an instant that are the same in every zone. */
const everywhere = new Set([
  'epoch',
  'julian',
  'second',
  'seconds',
  'millisecond',
  'milliseconds',
  'microsecond',
  'microseconds',
])
const settings = new Set([
  'current_setting',
  'inet_client_addr',
  'inet_client_port',
  'pg_backend_pid',
  'current_schemas',
  'version',
  'current_schema',
  'current_database',
  'current_query',
  'to_regclass',
  'has_table_privilege',
])

function call(node: Node, typeOf: TypeOf): Found | undefined {
  const { name } = functionName(node)
  const args = list(node, 'args')
  if (settings.has(name)) return session(`${name}()`)
  if (name === 'timezone') return args.length === 1 ? zone('AT LOCAL', inUtc) : undefined
  if (name === 'to_timestamp' && args.length === 2)
    return zone('to_timestamp of a text', "to_timestamp(… || ' +00', '… TZH')")
  if (name === 'make_timestamptz' && args.length === 6)
    return zone('make_timestamptz without a zone', "make_timestamptz(…, 'UTC')")
  const [first, second] = args.map(typeOf)
  const field = str(child(child(args[0], 'A_Const'), 'sval'), 'sval')?.toLowerCase() ?? ''
  if (name === 'date_trunc' && args.length === 2 && !everywhere.has(field) && field !== 'minute') {
    if (second === 'timestamptz') return zone('date_trunc of a timestamptz without a zone', "date_trunc(…, …, 'UTC')")
    if (second === 'date')
      return zone('date_trunc of a date, which becomes a timestamptz', 'date_trunc(…, …::timestamp)')
  }
  if ((name === 'extract' || name === 'date_part') && second === 'timestamptz' && !everywhere.has(field))
    return zone(`${name} of a timestamptz`, `extract(… FROM ${inUtc})`)
  if (name === 'to_char' && first === 'timestamptz') return zone('to_char of a timestamptz', `to_char(${inUtc}, …)`)
  if (name === 'date' && first === 'timestamptz') return zone('date() of a timestamptz', `(${inUtc})::date`)
  if (name === 'age' && (first === 'timestamptz' || second === 'timestamptz'))
    return zone('age of a timestamptz', `age(${inUtc}, ${inUtc})`)
  return undefined
}

const comparing = new Set(['=', '<>', '!=', '<', '<=', '>', '>=', '-'])

function operator(node: Node, typeOf: TypeOf): Found | undefined {
  const kind = str(node, 'kind') ?? ''
  const name = nameParts(list(node, 'name')).at(-1) ?? ''
  const plain = kind === 'AEXPR_OP'
  const left = child(node, 'lexpr')
  const right = child(node, 'rexpr')
  const sides = [left, ...(child(right, 'List') ? list(child(right, 'List'), 'items') : [right])]
  const types = sides.map(typeOf)
  if (!types.includes('timestamptz')) return undefined
  if (types.some((t) => t === 'date' || t === 'timestamp')) {
    const mixes = plain ? comparing.has(name) : /BETWEEN|_IN$|DISTINCT/.test(kind)
    return mixes ? zone('a timestamptz beside a value without a zone', inUtc) : undefined
  }
  const interval = intervalText(right) ?? intervalText(left)
  if (plain && /^[+-]$/.test(name) && interval !== undefined && /\b(day|week|mon|month|year)s?\b/i.test(interval))
    return zone(
      `timestamptz ${name} interval '${interval}', a day of which may have 23 or 25 hours`,
      "interval '24 hours' for a day",
    )
  return undefined
}

function intervalText(node: Node | undefined): string | undefined {
  const interval = child(node, 'TypeCast')
  if (!interval || typeName(interval) !== 'interval') return undefined
  return str(child(child(child(interval, 'arg'), 'A_Const'), 'sval'), 'sval')
}

function valueFunction(op: string): Found | undefined {
  const name = op.replace('SVFOP_', '').replace(/_N$/, '').toLowerCase()
  if (/^(current_date|current_time|localtime|localtimestamp)$/.test(name))
    return zone(name, `(spine.as_of AT TIME ZONE 'UTC')${name === 'current_date' ? '::date' : ''}`)
  return /user|role|catalog|schema/.test(name) ? session(name) : undefined
}
