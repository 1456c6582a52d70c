/** What a statement is answered for: the sample when training, entities or given keys at an instant when predicting. */
import type { BoundDataset } from '../analyse/bind.ts'
import { type Diagnostic, diagnostic, fail, isViewcastError, throwIfErrors } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import { printLiteral } from '../emit/literal.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { type Catalog, findRelation } from '../ir/catalog.ts'
import { expr, type Literal } from '../ir/expression.ts'
import type { Join, Opaque, Projection, Stage } from '../ir/relation.ts'
import type { Column, SqlType } from '../ir/type.ts'
import { broughtColumns, withRequests } from './request.ts'
import { anchoredKeys, parameterSpine, rowSpine } from './serving-spine.ts'
import type { StageNames } from './stage-names.ts'

export type SpineBinding =
  /** The sample's own rows and instants. */
  | { readonly kind: 'sample' }
  /** Every row of the relation the entity names (or the sample's distinct keys where it names none), at one instant. */
  | { readonly kind: 'entities'; readonly at?: string }
  /** These keys (and request columns), at one instant. */
  | { readonly kind: 'keys'; readonly rows: readonly Readonly<Record<string, Literal>>[]; readonly at?: string }
  /**
   * One question from `$1`, `$2`, …: the columns of {@link questionColumns}, then the instant. With `row` from the columns
   * `c1`, `c2`, … of the row of that name around the statement, where no instant is the start of the transaction.
   */
  | { readonly kind: 'parameters'; readonly row?: string }

/** A spine before request views. */
export type Questions = Omit<Spine, 'requested'>

export interface Spine {
  readonly stages: readonly Stage[]
  /** The stage with one row per question. */
  readonly name: string
  readonly columns: readonly string[]
  /** Column → type, where it is known. */
  readonly types: Readonly<Record<string, SqlType>>
  /** How many rows there are, about; undefined where nobody knows. */
  readonly rows?: number | undefined
  /** Feature of a request view with a query → column of the stage. */
  readonly requested: Readonly<Record<string, string>>
}

/** Binds the spine, with what request views make of each question. `wanted` names the features and request columns the statement needs. */
export function bindSpine(
  bound: BoundDataset,
  binding: SpineBinding,
  wanted: ReadonlySet<string>,
  catalog: Catalog,
  names: StageNames,
  distributed = false,
): Spine {
  return withRequests(questions(bound, binding, wanted, catalog, names, distributed), bound, wanted, catalog, names)
}

function questions(
  bound: BoundDataset,
  binding: SpineBinding,
  wanted: ReadonlySet<string>,
  catalog: Catalog,
  names: StageNames,
  distributed: boolean,
): Questions {
  if (binding.kind === 'sample') return sampleSpine(bound, catalog, names)
  const needed = questionColumns(bound, wanted)
  if (binding.kind === 'parameters') {
    const relation =
      binding.row === undefined
        ? parameterSpine(bound, needed, distributed, catalog)
        : rowSpine(needed, bound.hasAsOf, binding.row)
    const stage: Stage = { name: names.take('_spine'), relation }
    const columns = [...needed.map((c) => c.name), ...(bound.hasAsOf ? ['as_of'] : [])]
    return { stages: [stage], name: stage.name, columns, types: typesOf(needed), rows: 1 }
  }
  const asOf = bound.hasAsOf ? asOfStage(binding.at, distributed) : undefined
  const joins: Join[] = asOf ? [{ type: 'cross', source: { relation: asOf.relation, alias: asOf.name }, on: [] }] : []
  const stages: Stage[] = asOf ? [{ ...asOf.stage }] : []
  const asOfColumn: Projection[] = asOf ? [{ name: 'as_of', expr: expr.column(asOf.name, 'as_of') }] : []
  const columns = needed.map((c) => ({ name: c.name, expr: expr.column('k', c.name) }))
  const select = (relation: Stage['relation'], distinct: boolean): Stage => ({
    name: names.take('_spine'),
    relation: {
      kind: 'select',
      from: { relation, alias: 'k' },
      joins,
      columns: [...columns, ...asOfColumn],
      distinct,
      fence: false,
    },
  })
  const finish = (stage: Stage, rows: number | undefined, types = typesOf(needed)): Questions => ({
    stages: [...stages, stage],
    name: stage.name,
    columns: [...columns, ...asOfColumn].map((c) => c.name),
    types,
    rows,
  })
  if (binding.kind === 'keys') {
    checkKeys(binding.rows, needed)
    const rows = binding.rows.map((row) => needed.map((c) => row[c.name] ?? null))
    if (distributed) {
      const relation = anchoredKeys(bound, rows, needed, asOf?.name, catalog)
      return finish({ name: names.take('_spine'), relation }, rows.length)
    }
    return finish(select({ kind: 'values', columns: needed, rows }, false), rows.length)
  }
  const entity = bound.dataset.sample.entity
  const brought = broughtColumns(bound, wanted)
  if (brought.length > 0) fail('compile/no-anchor', { entity: entity.name, columns: brought.join(', ') })
  if (entity.from) {
    const relation = findRelation(catalog, entity.from.name, entity.from.schema)
    const view = `entity "${entity.name}"`
    const text = viewText({ kind: 'relation', relation: entity.from }, catalog, view)
    const lacking = needed.map((c) => c.name).filter((name) => !relation?.columns.some((r) => r.name === name))
    if (lacking.length > 0) {
      const columns = lacking.join(', ')
      fail('compile/no-anchor', { entity: entity.name, relation: entity.from.name, columns })
    }
    const anchor: Stage['relation'] =
      relation?.kind === 'view'
        ? { kind: 'opaque', text: text.text, origin: text.origin, view, targets: {} }
        : {
            kind: 'table',
            ...(entity.from.schema === undefined ? {} : { schema: entity.from.schema }),
            name: entity.from.name,
          }
    return finish(select(anchor, false), relation?.estimatedRows, typesOf(relation?.columns ?? []))
  }
  const sample = sampleStage(bound, catalog, names)
  stages.push(sample)
  return finish(select({ kind: 'table', name: sample.name }, true), sampleRows(bound, catalog))
}

/** A key left out would be NULL and quietly score as "nothing known". */
function checkKeys(rows: readonly Readonly<Record<string, Literal>>[], needed: readonly Column[]): void {
  const names = needed.map((c) => c.name)
  const problems = new Map<string, Diagnostic>()
  const add = (problem: 'Unknown column' | 'Missing column', column: string, near: { near?: string }) =>
    problems.set(
      `${problem} ${column}`,
      diagnostic('compile/keys', { problem, column, needed: names.join(', '), ...near }),
    )
  for (const row of rows) {
    for (const name of Object.keys(row))
      if (!names.includes(name)) add('Unknown column', name, nearParameter(name, names))
    for (const { name, type } of needed) {
      if (!(name in row)) add('Missing column', name, {})
      for (const d of unfit(row[name] ?? null, type))
        problems.set(`${name} ${d.message}`, diagnostic(d.code, { ...d.parameters, key: name }))
    }
  }
  throwIfErrors([...problems.values()])
}

function unfit(value: Literal, type: SqlType): readonly Diagnostic[] {
  try {
    printLiteral(value, type)
    return []
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return e.diagnostics
  }
}

/** What a question brings beside its instant: keys, columns the wanted views are joined on, wanted request columns. */
export function questionColumns(bound: BoundDataset, wanted: ReadonlySet<string>): Column[] {
  const keys = new Set([
    ...bound.dataset.sample.entity.keys.map((k) => k.name),
    ...bound.uses.filter((u) => u.features.some((f) => wanted.has(f.name))).flatMap((u) => u.on.map(([, c]) => c)),
    ...broughtColumns(bound, wanted),
    ...wanted,
  ])
  return bound.sampleColumns.filter((c) => keys.has(c.name) && c.name !== 'as_of')
}

function sampleStage(bound: BoundDataset, catalog: Catalog, names: StageNames): Stage {
  const { sample } = bound.dataset
  const view = `sample "${sample.name}"`
  const { text, origin } = viewText(sample.query, catalog, view)
  const relation: Opaque = { kind: 'opaque', text, origin, view: speakerOf(view, origin).file, targets: {} }
  return { name: names.take(sample.name), relation }
}

const typesOf = (columns: readonly Column[]): Readonly<Record<string, SqlType>> =>
  Object.fromEntries(columns.map((c) => [c.name, c.type]))

/** The rows of the one relation a sample reads; it may leave some out. */
function sampleRows({ dataset }: BoundDataset, catalog: Catalog): number | undefined {
  const view = `sample "${dataset.sample.name}"`
  const { references } = sqlFacts(viewText(dataset.sample.query, catalog, view).text, { view, file: view })
  const [only, ...more] = references
  return only === undefined || more.length > 0
    ? undefined
    : findRelation(catalog, only.name, only.schema)?.estimatedRows
}

function sampleSpine(bound: BoundDataset, catalog: Catalog, names: StageNames): Questions {
  const stage = sampleStage(bound, catalog, names)
  return {
    stages: [stage],
    name: stage.name,
    columns: bound.sampleColumns.map((c) => c.name),
    types: typesOf(bound.sampleColumns),
    rows: sampleRows(bound, catalog),
  }
}

/**
 * The instant as a one-row stage: one place to read and to edit. Without an instant it is the start of the transaction,
 * the only `now()` in generated SQL, and one value for the whole statement.
 */
function asOfStage(
  at: string | undefined,
  distributed: boolean,
): { name: string; relation: Stage['relation']; stage: Stage } {
  const name = '_as_of'
  // Each node of a distributed database has a clock of its own; a scalar subquery is asked once.
  const now = distributed ? '(SELECT now())' : 'now()'
  const value = at === undefined ? now : printLiteral(at, 'timestamptz')
  const stage: Stage['relation'] = {
    kind: 'opaque',
    text: `SELECT ${value} AS as_of`,
    origin: { kind: 'generated' },
    view: name,
    targets: {},
  }
  return { name, relation: { kind: 'table', name }, stage: { name, relation: stage } }
}
