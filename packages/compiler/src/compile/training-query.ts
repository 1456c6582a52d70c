/** The training query: sample LEFT JOIN feature views LEFT JOIN target, each row at its own instant. */
import { type BoundDataset, bindDataset, type Facts } from '../analyse/bind.ts'
import type { SourceInstants } from '../analyse/source-instants.ts'
import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import { dialectOf } from '../emit/dialect-of.ts'
import { quoteIdentifier } from '../emit/identifier.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { viewText } from '../front/sql/view-text.ts'
import { type CompileOptions, handOver, isDistributed, passesOf } from '../ir/compile-options.ts'
import type { DatasetDef, FoldKey, SampleDef } from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import type { Projection } from '../ir/relation.ts'
import type { Column } from '../ir/type.ts'
import { bindSpine } from '../rewrite/bind-spine.ts'
import { type CutInstant, cutSources } from '../rewrite/cut-sources.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { overSpine } from '../rewrite/over-spine.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { foldKeyExpression, gapInWords } from '../rewrite/split.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import { onStages } from '../rewrite/whole-statement.ts'
import type { CompiledQuery } from './compiled-query.ts'
import { queryOf, titleOf } from './describe-query.ts'
import { distributionWarnings } from './distribution-warnings.ts'
import { planOf } from './explain-report.ts'
import { header } from './header.ts'
import { sampleMarks } from './sample-marks.ts'

export interface TrainingQueryOptions extends CompileOptions {
  /** Adds the column `_fold_key`, float8: what folds are made of. */
  readonly foldKey?: FoldKey
  /** Sources of which only the rows count whose instants have passed at an instant: what was known then. */
  readonly cut?: { readonly at: CutInstant; readonly sources: readonly SourceInstants[] }
}

/**
 * Compiles the training query of a dataset.
 *
 * Columns: the sample's own, then the features (numbers as float8, categories as text), the labels, `_weight` when the
 * sample declares one, `_split` (`train`, `validation`, `test`, or NULL for rows in no part), and `_censored` when the
 * target has a horizon and it is known until when outcomes are known; `_fold_key` when it is asked for. Its rows are the sample's rows, always.
 *
 * Errors: everything {@link bindDataset} finds, at once.
 *
 * ```sql
 * WITH departures AS (…), late AS (…), late15 AS (…)
 * SELECT departures.origin, departures.as_of, late.delay_7d, late15.late15
 * FROM departures LEFT JOIN late ON … LEFT JOIN late15 ON …
 * ```
 */
export function trainingQuery(dataset: DatasetDef, facts: Facts, options: TrainingQueryOptions = {}): CompiledQuery {
  const { value: bound, diagnostics } = bindDataset(dataset, facts)
  const warnings = throwIfErrors(diagnostics)
  const wanted = new Set(bound.features.map((f) => f.name))
  const names = stageNames(reservedNames(textsOf(bound, facts), facts.catalog))
  const spine = handOver(options, 'bind the spine', bindSpine(bound, { kind: 'sample' }, wanted, facts.catalog, names))
  const question = { bound, facts, names, spine, wanted, withTarget: true, purpose: 'training', options } as const
  const pit = handOver(options, 'point in time', pointInTime(question))
  const own: Projection[] = ownColumns(bound).map((c) => ({ name: c.name, expr: expr.column(spine.name, c.name) }))
  const marks = sampleMarks(bound, spine.name, facts, names)
  const all = [...spine.stages, ...pit.stages, ...marks.stages]
  const values = pit.columns.map((c) => {
    const label = bound.labels.find((l) => l.name === c.name)
    return label ? marks.labelled(c, label.type) : c
  })
  const columns = [
    ...own,
    ...values,
    ...marks.columns,
    ...(options.foldKey ? [{ name: '_fold_key', expr: foldKeyExpression(options.foldKey, bound, spine.name) }] : []),
  ]
  const joins = [...pit.joins, ...marks.joins]
  const { cut } = options
  const inlined = onStages(overSpine({ ...pit, joins }, all, columns), (stages) => {
    const whole = inlineViews(stages, facts.catalog, names, passesOf(options).share)
    return cut ? cutSources(whole, cut.at, cut.sources, facts.catalog, names) : whole
  })
  const statement = handOver(options, 'inline views', inlined)
  const dialect = dialectOf(options)
  const text = printStatement(statement, dialect)
  const distributed = isDistributed(options)
  const sql = layout(`${trainingHeader(bound, distributed)}\n${text}`, passesOf(options).format)
  const shape = distributed ? distributionWarnings(bound, wanted, statement, text) : []
  const plan = planOf(statement, pit.views, dialect)
  return { sql, columns: columnsOf(bound, options.foldKey !== undefined), warnings: [...warnings, ...shape], plan }
}

/** The texts a statement will carry, for the names its stages must not take. */
export function textsOf(bound: BoundDataset, facts: Facts): string[] {
  const { dataset } = bound
  const all = [dataset.sample, ...(dataset.target ? [dataset.target] : []), ...bound.uses.map((u) => u.use.view)]
  const texts = all.map((d) => viewText(queryOf(d), facts.catalog, titleOf(d)).text)
  // These are written by their bare names in what we generate.
  const sources = all.map((d) =>
    d.kind === 'aggregates' && d.spec.source.kind === 'relation' ? d.spec.source.relation : undefined,
  )
  const bare = [dataset.sample.entity.from, ...sources].filter((r) => r !== undefined && r.schema === undefined)
  return [...texts, ...bare.map((r) => `SELECT 1 FROM ${quoteIdentifier(r?.name ?? '')}`)]
}

function trainingHeader(bound: BoundDataset, distributed: boolean): string {
  const { dataset } = bound
  return header(`Training query of dataset "${dataset.name}", written by viewcast.`, [
    ['sample', `${dataset.sample.name}: one row per sample row, whatever the views return`],
    [
      'features',
      bound.uses
        .map((u) => u.use.view.name)
        .filter((n, i, all) => all.indexOf(n) === i)
        .join(', '),
    ],
    ...(dataset.target ? [['target', dataset.target.name] as const] : []),
    ...(bound.hasAsOf ? [['as of', 'each row sees only what was there before its own as_of'] as const] : []),
    ...(dataset.target?.horizon === undefined
      ? []
      : [['outcome', outcomeInWords(dataset.target.horizon, bound)] as const]),
    ...(dataset.sample.split.kind === 'none' ? [] : [['split', splitInWords(dataset.sample, bound)] as const]),
    ...(distributed ? [['dialect', 'citus: one distributed plan; plain PostgreSQL gives the same rows'] as const] : []),
  ])
}

function outcomeInWords(horizon: string, { censoring }: BoundDataset): string {
  const window = `in [as_of, as_of + ${horizon})`
  if (!censoring) return window
  return censoring.mode === 'drop'
    ? `${window}; rows whose outcome is not complete have no label and are in no part`
    : `${window}; _censored tells the rows whose outcome is not complete`
}

function splitInWords({ split, entity }: SampleDef, { horizon }: BoundDataset): string {
  if (split.kind === 'time') {
    const parts = [
      ...(split.validation === undefined ? [] : [`validation from ${split.validation}`]),
      `test from ${split.test}`,
    ]
    const gap = gapInWords(split, horizon)
    return `by time: ${parts.join(', ')}${gap === undefined ? '' : `; before each, ${gap}`}`
  }
  if (split.kind === 'none') return 'none'
  const by = split.by ?? entity.keys.map((k) => k.name)
  const shares = [...(split.validation === undefined ? [] : [`validation ${split.validation}`]), `test ${split.test}`]
  return `by a hash of ${by.join(', ')}: ${shares.join(', ')}`
}

/** What a request view gives under the name of the column it was brought in stands for that column. */
const ownColumns = (bound: BoundDataset): Column[] =>
  bound.sampleColumns.filter((c) => !bound.features.some((f) => f.name === c.name))

function columnsOf(bound: BoundDataset, withFoldKey: boolean): Column[] {
  const { sample } = bound.dataset
  return [
    ...ownColumns(bound),
    ...bound.features.map((f) => ({ name: f.name, type: boundaryType(f), nullable: f.meta.fill === undefined })),
    ...bound.labels,
    ...(sample.weight === undefined ? [] : [{ name: '_weight', type: 'float8', nullable: true }]),
    ...(sample.split.kind === 'none' ? [] : [{ name: '_split', type: 'text', nullable: true }]),
    ...(bound.censoring ? [{ name: '_censored', type: 'bool', nullable: false }] : []),
    ...(withFoldKey ? [{ name: '_fold_key', type: 'float8', nullable: true }] : []),
  ]
}
