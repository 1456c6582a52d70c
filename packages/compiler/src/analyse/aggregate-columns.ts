/** The columns of an aggregates view, and whether its functions and filters fit the columns of its events. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import { type Aggregate, isCount, type Measure, measuresOf, windowSeconds } from '../ir/aggregate.ts'
import type { AggregatesView } from '../ir/definition.ts'
import { type Column, featureKind, isBoolean, isNumber, type SqlType } from '../ir/type.ts'
import { checkFilter } from './check-filter.ts'

/**
 * Columns an aggregates view returns: one per aggregate and window, of the type of the column for `first` and `last`,
 * int8 for counts, float8 for the rest.
 *
 * Adds to `diagnostics`: `view/unknown-column`, `view/aggregate-type`, `view/filter-value`, `time/window`, `define/option`.
 */
export function aggregateColumns(view: AggregatesView, source: readonly Column[], diagnostics: Diagnostic[]): Column[] {
  const { spec } = view
  checkColumns(view, source, diagnostics)
  for (const window of Object.values(spec.windows)) {
    if (windowSeconds(window) === undefined) diagnostics.push(diagnostic('time/window', { window }))
  }
  for (const [name, aggregate] of Object.entries(spec.aggregates)) {
    checkTypes(view, name, aggregate, source, diagnostics)
    for (const filter of measuresOf(aggregate).flatMap((m) => m.filters ?? [])) {
      const column = source.find((c) => c.name === filter.column)
      if (column) diagnostics.push(...checkFilter(filter, column, `view "${view.name}"`, name))
    }
  }
  return Object.entries(spec.aggregates).flatMap(([name, aggregate]) => {
    const own = outputOf(aggregate, source)
    return Object.keys(spec.windows).map((w) => ({ name: `${name}_${w}`, ...own }))
  })
}

function outputOf(a: Aggregate, source: readonly Column[]): Omit<Column, 'name'> {
  if (isCount(a)) return { type: 'int8', nullable: false }
  if (a.function !== 'first' && a.function !== 'last') return { type: 'float8', nullable: true }
  const column = source.find((c) => c.name === a.column)
  const isEnum = column?.isEnum ? { isEnum: true } : {}
  return { type: column?.type ?? 'text', nullable: true, ...isEnum }
}

/** Every column the view names is one of its events. */
function checkColumns(view: AggregatesView, source: readonly Column[], diagnostics: Diagnostic[]): void {
  const { spec } = view
  const names = source.map((c) => c.name)
  const measures = Object.values(spec.aggregates).flatMap(measuresOf)
  const wanted = [
    spec.time,
    ...(spec.knownAt === undefined ? [] : [spec.knownAt]),
    ...view.entity.keys.map((k) => spec.keys[k.name] ?? k.name),
    ...(spec.sequence ?? []),
    ...measures.flatMap((m) => (m.column === undefined ? [] : [m.column])),
    ...measures.flatMap((m) => (m.filters ?? []).map((f) => f.column)),
  ]
  for (const column of new Set(wanted)) {
    if (names.includes(column)) continue
    const near = nearParameter(column, names)
    diagnostics.push(diagnostic('view/unknown-column', { view: `the source of view "${view.name}"`, column, ...near }))
  }
}

const instants: ReadonlySet<SqlType> = new Set(['timestamptz', 'timestamp', 'date'])
/** Types with an order, so that one of several values at one instant can be named. */
const ordered: ReadonlySet<SqlType> = new Set([...instants, 'time', 'timetz', 'interval', 'bytea', 'inet', 'cidr'])
const isScalar = (c: Column): boolean => featureKind(c.type, c.isEnum) !== undefined || ordered.has(c.type)

function checkTypes(
  view: AggregatesView,
  aggregate: string,
  declared: Aggregate,
  source: readonly Column[],
  diagnostics: Diagnostic[],
): void {
  const columnOf = (m: Measure): Column | undefined => source.find((c) => c.name === m.column)
  const refuse = (of: string, column: Column, hint: string): void => {
    const parameters = { view: `view "${view.name}"`, aggregate, function: of, column: column.name, type: column.type }
    diagnostics.push(diagnostic('view/aggregate-type', { ...parameters, hint }))
  }
  for (const m of measuresOf(declared)) {
    const column = columnOf(m)
    if (!column) continue
    switch (m.function) {
      case 'count':
        break
      case 'countDistinct':
      case 'first':
      case 'last':
        if (!isScalar(column))
          refuse(m.function, column, 'It takes single values with an order; cast the column in the source.')
        else if (declared.function === 'ratio' && m.function !== 'countDistinct' && !isNumber(column.type)) {
          refuse('ratio', column, 'Both sides of a ratio are numbers.')
        }
        break
      default:
        if (!isNumber(column.type)) refuse(m.function, column, numbersOnly(m.function, column.type))
    }
  }
  checkFill(view, aggregate, declared, outputOf(declared, source), diagnostics)
}

function numbersOnly(of: string, type: SqlType): string {
  if (isBoolean(type)) return 'It takes numbers; count the rows with a filter, or take the ratio of two counts.'
  if (type === 'interval') return 'It takes numbers; return extract(epoch from …) from the source.'
  if (instants.has(type)) {
    return of === 'min' || of === 'max'
      ? 'It takes numbers, as an instant means nothing to a model; first and last take any type.'
      : 'It takes numbers; return extract(epoch from …) from the source.'
  }
  return 'It takes numbers; cast the column in the source.'
}

function checkFill(
  view: AggregatesView,
  aggregate: string,
  declared: Aggregate,
  output: Omit<Column, 'name'>,
  diagnostics: Diagnostic[],
): void {
  const what = `aggregate "${aggregate}" of view "${view.name}"`
  const check = (fill: unknown, type: SqlType): void => {
    const expected = isNumber(type) ? 'number' : isBoolean(type) ? 'boolean' : 'string'
    if (fill === undefined || typeof fill === expected) return
    const detail = `is a ${typeof fill}, and the column is ${type}`
    diagnostics.push(diagnostic('define/option', { option: 'fill', what, detail, hint: `Write a ${expected}.` }))
  }
  check(declared.fill, output.type)
  if (declared.function === 'ratio') for (const m of [declared.of, declared.to]) check(m.fill, 'float8')
}
