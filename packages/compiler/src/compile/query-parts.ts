/** What a training or prediction query is made of, each part as a query of its own: which of them fails? */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import type { Location } from '../diagnostics/diagnostic.ts'
import { postgres } from '../emit/dialects/postgres.ts'
import { quoteIdentifier } from '../emit/identifier.ts'
import { printStatement } from '../emit/statement.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import type { Speaker } from '../front/sql/parser.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../ir/catalog.ts'
import type { FeatureView, SampleDef, TargetDef } from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import type { Projection, Statement } from '../ir/relation.ts'
import { bindSpine, type SpineBinding } from '../rewrite/bind-spine.ts'
import { censoredRows } from '../rewrite/censoring.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { overSpine } from '../rewrite/over-spine.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { type StageNames, stageNames } from '../rewrite/stage-names.ts'
import { onStages } from '../rewrite/whole-statement.ts'
import { definitionPlace } from './definition-place.ts'
import { queryOf, titleOf } from './describe-query.ts'
import { normalised } from './prediction-query.ts'
import { textsOf } from './training-query.ts'

export interface QueryPart {
  /** `view "late"`. */
  readonly view: string
  /** What it gives for the questions. */
  readonly sql: string
  /** The view's own columns that the query asks for. */
  readonly columns: readonly string[]
  /** One column and what it is made of; nothing else is computed where that can be helped. */
  readonly only: (column: string) => string
  /** Whether there are rows, with as little computed of them as can be. */
  readonly rows: string
  /** Where the user's text computes a column, or where it begins. */
  readonly place: (column?: string) => Location | undefined
  /** Views of the database it reads at any depth, as `schema.name`, the innermost first, with a query for all their rows. */
  readonly reads: readonly { readonly relation: string; readonly sql: string }[]
}

export interface QueryPartsOptions {
  readonly spine: SpineBinding
  /** Features the query asks for; default all. */
  readonly wanted?: ReadonlySet<string>
  /** Whether it asks for labels. Default: when the questions are the sample's rows. */
  readonly withTarget?: boolean
}

type Queried = FeatureView | SampleDef | TargetDef

/**
 * The parts in the order they depend on each other: the questions, then each use of a view over them, then the target. A
 * view that does not read the questions follows once more as it stands, since a plan may compute rows nobody asks for.
 *
 * ```sql
 * WITH departures AS (…), late AS (…) SELECT late.delay_7d FROM departures LEFT JOIN late ON …
 * ```
 */
export function queryParts(bound: BoundDataset, facts: Facts, options: QueryPartsOptions): QueryPart[] {
  const wanted = options.wanted ?? new Set(bound.features.map((f) => f.name))
  const { target } = bound.dataset
  const withTarget = target !== undefined && (options.withTarget ?? options.spine.kind === 'sample')
  const views = bound.uses.flatMap((use) => {
    const features = use.features.filter((f) => wanted.has(f.name))
    if (features.length === 0) return []
    const own = (some: typeof features): BoundDataset => ({
      ...bound,
      uses: [{ ...use, features: some }],
      features: some,
    })
    const columns = [...new Set(features.map((f) => f.column))]
    const part: QueryPart = {
      ...about(use.use.view, facts),
      sql: overQuestions(own(features), facts, options, 'values'),
      columns,
      only: (column) => overQuestions(own(features.filter((f) => f.column === column)), facts, options, 'values'),
      rows: overQuestions(own(features), facts, options, 'rows'),
    }
    return [part, ...asItStands(use.use.view, columns, facts)]
  })
  const labels = bound.labels.map((l) => l.name)
  const ofTarget = (some: readonly string[], what: 'values' | 'rows'): string => {
    const alone = { ...bound, uses: [], features: [], labels: bound.labels.filter((l) => some.includes(l.name)) }
    return overQuestions(alone, facts, { ...options, withTarget: true }, what)
  }
  const targets: QueryPart[] =
    withTarget && target
      ? [
          {
            ...about(target, facts),
            sql: ofTarget(labels, 'values'),
            columns: labels,
            only: (column) => ofTarget([column], 'values'),
            rows: ofTarget(labels, 'rows'),
          },
          ...(target.outcomes ? [] : asItStands(target, labels, facts)),
        ]
      : []
  return [questions(bound, facts, options), ...views, ...targets]
}

function overQuestions(
  bound: BoundDataset,
  facts: Facts,
  { spine: binding, withTarget = false }: QueryPartsOptions,
  what: 'values' | 'rows',
): string {
  const wanted = new Set(bound.features.map((f) => f.name))
  const { names, spine } = asked(bound, facts, binding, wanted)
  const purpose = binding.kind === 'sample' ? 'training' : 'prediction'
  const pit = pointInTime({ bound, facts, names, spine, wanted, withTarget, purpose, options: {} })
  const censored = withTarget ? censoredRows(bound, spine.name, facts.catalog, names) : undefined
  const stages = [...spine.stages, ...pit.stages, ...(censored ? [censored.stage] : [])]
  const joins = censored ? [...pit.joins, censored.join] : pit.joins
  // A key, because a join nobody reads from is not made.
  const [key] = (withTarget ? bound.targetOn : bound.uses[0]?.on)?.[0] ?? []
  const rows = pit.joins
    .filter((j) => j.type === 'left' && key !== undefined)
    .map((j) => ({ name: '_present', expr: expr.column(j.source.alias, key ?? '') }))
  const values = [...pit.columns, ...(censored ? [censored.column] : [])]
  const statement = overSpine({ ...pit, joins }, stages, what === 'values' ? values : [...rows, ...presence])
  return printed(statement, facts, names)
}

/** A statement needs a column where nothing is joined but laterally. */
const presence: readonly Projection[] = [{ name: '_asked', expr: expr.literal('bool', true) }]

const printed = (statement: Statement, { catalog }: Facts, names: StageNames): string =>
  printStatement(
    onStages(statement, (stages) => inlineViews(stages, catalog, names)),
    postgres,
  )

function asked(bound: BoundDataset, facts: Facts, binding: SpineBinding, wanted: ReadonlySet<string>) {
  const names = stageNames(reservedNames(textsOf(bound, facts), facts.catalog), '_as_of')
  return { names, spine: bindSpine(bound, normalised(binding), wanted, facts.catalog, names) }
}

/** The rows that are asked about, without any view. */
function questions(bound: BoundDataset, facts: Facts, { spine: binding }: QueryPartsOptions): QueryPart {
  const { sample } = bound.dataset
  const { names, spine } = asked(bound, facts, binding, new Set())
  const weighted: Projection[] =
    binding.kind === 'sample' && sample.weight !== undefined
      ? [{ name: '_weight', expr: expr.cast(expr.column(spine.name, sample.weight), 'float8') }]
      : []
  const print = (columns: readonly string[]): string => {
    const own: Projection[] = columns.map((name) => ({ name, expr: expr.column(spine.name, name) }))
    const from = { relation: { kind: 'table' as const, name: spine.name }, alias: spine.name }
    const more = weighted.filter(() => columns.includes(sample.weight ?? ''))
    const pit = { stages: [], from, joins: [], columns: [], views: [] }
    const statement = overSpine(pit, spine.stages, [...own, ...more])
    return printed(statement, facts, names)
  }
  const isSample = binding.kind === 'sample' || (binding.kind === 'entities' && sample.entity.from === undefined)
  const title = isSample
    ? about(sample, facts)
    : { view: `entity "${sample.entity.name}"`, place: () => undefined, reads: [] }
  return {
    ...title,
    sql: print(spine.columns),
    columns: spine.columns,
    only: (column) => print([column]),
    rows: print(spine.columns.slice(0, 1)),
  }
}

/** A static view or target over all its rows; nothing where it reads the questions or is computed by us. */
function asItStands(definition: Queried, columns: readonly string[], facts: Facts): QueryPart[] {
  if (definition.kind !== 'static' && definition.kind !== 'target' && definition.kind !== 'history') return []
  const { text: source, origin } = viewText(queryOf(definition), facts.catalog, titleOf(definition))
  const { text, references } = sqlFacts(source, speakerOf(titleOf(definition), origin))
  if (references.some((r) => r.name === 'spine' && r.schema === undefined)) return []
  const select = (some: readonly string[]): string =>
    `SELECT ${some.map((c) => `q.${quoteIdentifier(c)}`).join(', ')} FROM (\n${text}\n) AS q`
  const rows = `SELECT FROM (\n${text}\n) AS q`
  return [{ ...about(definition, facts), sql: select(columns), columns, only: (column) => select([column]), rows }]
}

function about(definition: Queried, { catalog }: Facts): Pick<QueryPart, 'view' | 'place' | 'reads'> {
  const title = titleOf(definition)
  const { text, origin } = viewText(queryOf(definition), catalog, title)
  return {
    view: definition.kind === 'aggregates' ? `view "${definition.name}"` : title,
    place: (column) => definitionPlace(definition, catalog, column),
    reads: [...viewsRead(text, speakerOf(title, origin), catalog)].map((r) => ({
      relation: `${r.schema}.${r.name}`,
      sql: `SELECT * FROM ${quoteIdentifier(r.schema)}.${quoteIdentifier(r.name)}`,
    })),
  }
}

function viewsRead(
  text: string,
  speaker: Speaker,
  catalog: Catalog,
  found: Set<CatalogRelation> = new Set(),
): Set<CatalogRelation> {
  for (const { name, schema } of sqlFacts(text, speaker).references) {
    const relation = findRelation(catalog, name, schema)
    if (relation?.definition === undefined || relation.kind !== 'view' || found.has(relation)) continue
    viewsRead(relation.definition, speaker, catalog, found)
    found.add(relation)
  }
  return found
}
