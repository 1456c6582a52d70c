import { type DefineAggregates, defineAggregates } from './aggregates.ts'
import { type DefineDataset, defineDataset } from './dataset.ts'
import { type DefineDeployment, defineDeployment } from './deployment.ts'
import { type DefineEntity, defineEntity } from './entity.ts'
import { type DefineFeatureView, defineFeatureView } from './feature-view.ts'
import { type FoldsBuilder, folds } from './folds.ts'
import { type DefineModel, defineModel } from './model.ts'
import { checkedName } from './name.ts'
import { type DefineRequestView, defineRequestView } from './request-view.ts'
import { type DefineSample, defineSample } from './sample.ts'
import { type DefineSelection, defineSelection } from './selection.ts'
import { type SplitBuilder, split } from './split.ts'
import { type DefineExistingView, type DefineSqlView, defineExistingView, defineSqlView } from './sql-view.ts'
import { type DefineTarget, defineTarget } from './target.ts'
import { type DefineWindowView, defineWindowView } from './window-view.ts'

/** What a project declares: each method gives a plain, frozen value to export; nothing is registered anywhere. */
export interface ProjectBuilder<DB, Files = object> {
  readonly name: string
  /**
   * The thing predicted about, named by its key columns and their SQL types; `from` is the relation that lists it.
   *
   * Errors of every method: `define/name` for a name that is empty or longer than 50 bytes.
   *
   * ```ts
   * export const airport = p.entity('airport', { iata: 'text' }, { from: 'airports' })
   * ```
   */
  readonly entity: DefineEntity<DB>
  /**
   * A view with one row per key; or, with `time`, with rows over time, of which the latest before `as_of` counts.
   *
   * ```ts
   * export const profile = p
   *   .featureView('profile', { entity: customer, time: 'valid_from', maxAge: '90 days' })
   *   .query(({ db }) => db.selectFrom('profile_history').select(['customer_id', 'valid_from', 'score']))
   *   .features({ score: { kind: 'numeric', fill: 0.5 } })
   * ```
   */
  readonly featureView: DefineFeatureView<DB>
  /** A view over `spine`, the relation of questions: any SQL that depends on the instant. */
  readonly windowView: DefineWindowView<DB>
  /**
   * What a question brings with it, and what a query makes of that: the amount of a purchase about to be made. In training
   * the sample returns these columns; in prediction each key brings them.
   *
   * ```ts
   * export const basket = p.requestView('basket', { columns: { amount: 'numeric', channel: 'text' } })
   * ```
   */
  readonly requestView: DefineRequestView<DB>
  /**
   * Counts, sums, means, extremes, first and last values and ratios of events in windows before `as_of`, with filters; the
   * compiler writes the SQL.
   *
   * ```ts
   * export const late = p.aggregates('late', {
   *   entity: airport, source: 'flights', keys: { iata: 'origin' }, time: 'date',
   *   windows: { '1d': '1 day', '7d': '7 days' },
   *   features: (a) => ({ n: a.count(), late: a.count().where('delay', '>', 15), delay: a.avg('delay', { fill: 0 }) }),
   * })
   * late.pick('n_7d', 'delay_7d')
   * ```
   * ```sql
   * SELECT s.iata, s.as_of, count(e.date) FILTER (WHERE e.date >= s.as_of - interval '24 hours') AS n_1d, count(e.date) AS n_7d, …
   * FROM spine AS s LEFT JOIN flights AS e
   *   ON e.origin = s.iata AND e.date >= s.as_of - interval '168 hours' AND e.date < s.as_of
   * GROUP BY s.iata, s.as_of
   * ```
   */
  readonly aggregates: DefineAggregates<DB>
  /**
   * A view in a file, `views/<name>.sql` by default. With the `SqlFiles` of `sql.gen.ts` its columns are known to the type
   * checker; otherwise `.features(…)` declares them.
   *
   * ```ts
   * export const runway = p.sqlView('runway', { entity: airport }).features({ length: { kind: 'numeric' } })
   * ```
   */
  readonly sqlView: DefineSqlView<Files>
  /**
   * A view or table that is in the database; its name is used as the catalog has it, upper and lower case included.
   *
   * ```ts
   * export const behaviour = p.existingView('public.vw_behaviour', { entity: customer })
   * ```
   */
  readonly existingView: DefineExistingView
  /** The view that gives the questions to train on. */
  readonly sample: DefineSample<DB, Files>
  /** The view that gives the label. */
  readonly target: DefineTarget<DB, Files>
  /** How a sample is divided into training and test. */
  readonly split: SplitBuilder
  /**
   * Sample, feature views and target: what the training query returns, one row per row of the sample. Two columns of
   * one name do not compile.
   *
   * ```ts
   * export const departures = p.dataset('departures', { sample, target, features: [profile, late.pick('n_7d')] })
   * ```
   */
  readonly dataset: DefineDataset
  /**
   * A model of a dataset; without `.inputs(…)` it reads all numeric, boolean and category features.
   *
   * ```ts
   * export const delay = p
   *   .model('delay', { dataset: departures, family: 'logistic', label: 'late15' })
   *   .inputs({ delay_7d: standardize(), state: oneHot() })
   * ```
   */
  readonly model: DefineModel
  /** How training rows are divided for cross-validation. */
  readonly folds: FoldsBuilder
  /**
   * What to try for a model (penalties, encoders, features, links, class weights), the folds to measure it on, and how to
   * choose. `viewcast select` runs it.
   *
   * Errors: `define/option`, `define/name`.
   *
   * ```ts
   * export const delayGrid = p.selection('delay_grid', {
   *   model: delay,
   *   folds: p.folds.hash(5),
   *   over: { penalty: logSpace(1e-4, 1e2, 7), inputs: { distance: [standardize(), log1p(), 'out'] } },
   *   rule: 'oneStandardError',
   * })
   * ```
   */
  readonly selection: DefineSelection
  /**
   * An object a database should have, which carries the prediction query of a model: a view, a table, or a function.
   * `viewcast plan` shows what would change, `viewcast apply` changes it.
   *
   * Errors: `define/option`, `define/name`.
   *
   * ```ts
   * export const delays = p.deployment('delay15_now', { model: delay, version: 'production', readers: ['dashboard'] })
   * ```
   * ```sql
   * CREATE OR REPLACE VIEW scoring.delay15_now WITH (security_invoker = true) AS WITH … SELECT …
   * ```
   */
  readonly deployment: DefineDeployment
}

/**
 * The start of every declaration: a project over the tables of `DB`, the Kysely interface `viewcast types` writes, and
 * over its `.sql` files, when `SqlFiles` is given: `project<DB, SqlFiles>('flights')`.
 *
 * ```ts
 * import { project } from '@viewcast/sdk'
 * import type { DB } from './db.gen.ts'
 *
 * const p = project<DB>('flights')
 * ```
 */
export function project<DB, Files extends object = object>(name: string): ProjectBuilder<DB, Files> {
  // The functions take what the types let through; what their results mean is known to the types only.
  return Object.freeze({
    name: checkedName('project', name),
    entity: defineEntity,
    featureView: defineFeatureView,
    windowView: defineWindowView,
    requestView: defineRequestView,
    aggregates: defineAggregates,
    sqlView: defineSqlView,
    existingView: defineExistingView,
    sample: defineSample,
    target: defineTarget,
    split,
    dataset: defineDataset,
    model: defineModel,
    folds,
    selection: defineSelection,
    deployment: defineDeployment,
  }) as unknown as ProjectBuilder<DB, Files>
}
