/** Whether the result of a function, an aggregate or a window function can be NULL. */
import type { Node } from '../../front/sql/parser.ts'
import { child, list, nameParts, number, text } from '../../front/sql/tree.ts'
import { builtin, isOverloaded } from './conditions.ts'
import {
  aggregates,
  counts,
  gathering,
  isAggregate,
  monotonicFields,
  rankings,
  sparseAggregates,
  strictFunctions,
  textFunctions,
  totalFunctions,
} from './functions.ts'
import {
  anyNull,
  type From,
  type Grouping,
  never,
  of,
  oneFamily,
  possible,
  type Scope,
  unknown,
  type Value,
} from './value.ts'

type Evaluate = (value: Node | undefined, scope: Scope) => Value

// generate_series is missed on purpose: beside a longer set in the select list it ends in NULLs.
const windowValues = new Set(['first_value', 'last_value', 'nth_value', 'lag', 'lead', 'ntile'])

/** What a call is, by name; undefined for a function that is not known, which may return several rows. */
export function isKnownCall(call: Node): 'aggregate' | 'function' | undefined {
  const name = builtin(nameParts(list(call, 'funcname'))) ?? ''
  if (isAggregate(name)) return 'aggregate'
  const isKnown =
    strictFunctions.has(name) ||
    textFunctions.has(name) ||
    totalFunctions.has(name) ||
    rankings.has(name) ||
    windowValues.has(name) ||
    ['extract', 'date_part', 'concat_ws', 'substring'].includes(name)
  return isKnown ? 'function' : undefined
}

export function callNull(call: Node, scope: Scope, evaluate: Evaluate): Value {
  const name = builtin(nameParts(list(call, 'funcname')))
  if (name === undefined || isOverloaded(name, scope)) return unknown
  const over = child(call, 'over')
  const inside = over
    ? argumentScope(scope.rows, scope)
    : isAggregate(name)
      ? argumentScope(scope.gathered, scope, 'none')
      : scope
  const args = list(call, 'args').map((a) => evaluate(a, inside))
  if (isAggregate(name)) return aggregateNull(call, name, args, scope, inside, evaluate)
  if (over) return windowNull(name, args, frame(over, scope))
  if (call['agg_within_group'] === true || call['func_variadic'] === true) return unknown
  if (totalFunctions.has(name)) return of(never, totalFunctions.get(name))
  if (strictFunctions.has(name)) return { null: anyNull(args), family: strictFunctions.get(name) }
  return particularNull(call, name, args)
}

/** Windows and aggregates read more rows than the one a CASE has looked at. */
const argumentScope = (rows: From | undefined, scope: Scope, group?: Grouping): Scope =>
  rows === undefined ? scope : { ...scope, levels: [rows, ...scope.levels.slice(1)], ...(group && { group }) }

function particularNull(call: Node, name: string, args: readonly Value[]): Value {
  const all = anyNull(args)
  const sure = (family: Value['family'], is: boolean): Value => ({
    null: all !== 'never' || is ? all : 'unknown',
    family,
  })
  if (textFunctions.has(name)) return args[0]?.family === 'text' ? of({ null: all, family: 'text' }, 'text') : unknown
  switch (name) {
    case 'extract':
    case 'date_part':
      return sure('number', monotonicFields.has(constantText(call)))
    case 'substring':
      // With a pattern it is NULL where nothing matches; with places it is not.
      return sure('text', args.length > 1 && args.slice(1).every((a) => a.family === 'number'))
    case 'concat_ws':
      return { null: args[0]?.null ?? 'unknown', family: 'text' }
    default:
      return unknown
  }
}

const constantText = (call: Node): string =>
  text(child(child(list(call, 'args')[0], 'A_Const'), 'sval'), 'sval')?.toLowerCase() ?? ''

function aggregateNull(
  call: Node,
  name: string,
  args: readonly Value[],
  scope: Scope,
  inside: Scope,
  evaluate: Evaluate,
): Value {
  if (counts.has(name)) return of(never, 'number')
  if (sparseAggregates.has(name)) return of(possible, 'number')
  const over = child(call, 'over')
  const ordered = call['agg_within_group'] === true
  const gathered = ordered
    ? [...args, ...list(call, 'agg_order').map((s) => evaluate(child(child(s, 'SortBy'), 'node'), inside))]
    : args
  const family = aggregateFamily(name, gathered)
  const filled = over ? includesCurrentRow(frame(over, scope)) : scope.group === 'groups'
  if (call['agg_filter'] !== undefined || !filled) return { null: 'possible', family }
  if (gathering.has(name)) return never
  // NULLs are passed over, and a delimiter that is NULL is empty.
  return { null: name === 'string_agg' ? (args[0]?.null ?? 'unknown') : anyNull(gathered), family }
}

/** Sums and means are numbers, or intervals; the ends of an order are what was ordered. */
function aggregateFamily(name: string, gathered: readonly Value[]): Value['family'] {
  if (gathering.has(name)) return undefined
  return name === 'sum' || name === 'avg' || aggregates.get(name) === undefined
    ? gathered.at(-1)?.family
    : aggregates.get(name)
}

function windowNull(name: string, args: readonly Value[], options: number): Value {
  const family = args[0]?.family
  if (rankings.has(name)) return of(never, 'number')
  switch (name) {
    case 'ntile':
      return { null: anyNull(args), family: 'number' }
    case 'lag':
    case 'lead':
      return args.length < 3
        ? { null: 'possible', family }
        : { null: anyNull(args), family: oneFamily(args.filter((_, i) => i !== 1)) }
    case 'first_value':
    case 'last_value':
      return { null: includesCurrentRow(options) ? anyNull(args) : 'possible', family }
    case 'nth_value':
      return { null: 'possible', family }
    default:
      return unknown
  }
}

/** The frame of a window, which may be named in the WINDOW clause. */
function frame(over: Node, scope: Scope): number {
  const named = text(over, 'name')
  return number(named === undefined ? over : scope.windows.get(named), 'frameOptions') ?? 0
}

// FRAMEOPTION_* of the server's parsenodes.h.
const nonDefault = 0x1
const startsAtOrBefore = 0x20 | 0x200 | 0x800
const endsAtOrAfter = 0x100 | 0x400 | 0x4000
const excludesIt = 0x8000 | 0x10000

/** A frame with the current row in it is never empty. */
function includesCurrentRow(options: number): boolean {
  if ((options & nonDefault) === 0) return true
  return (options & startsAtOrBefore) !== 0 && (options & endsAtOrAfter) !== 0 && (options & excludesIt) === 0
}
