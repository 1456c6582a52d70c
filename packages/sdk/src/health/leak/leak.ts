/** The leak suite: does anything in a dataset know what it should not? */
import {
  type BoundDataset,
  bindDataset,
  type DatasetDef,
  type Diagnostic,
  type Facts,
  throwIfErrors,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import type { ProbeOptions } from '../../predict/moved-values.ts'
import { prepareDataset } from '../../project/facts.ts'
import { namingFailedView } from '../../project/failed-view.ts'
import { runningTraining } from '../../project/running-query.ts'
import { type Arrivals, arrivals } from './arrivals.ts'
import type { LeakCheck, LeakFinding } from './finding.ts'
import { outcomeColumns } from './outcome-columns.ts'
import { type FeatureStrength, type SingleFeatureOptions, singleFeatures } from './single-feature.ts'
import { featuresThatMove, labelsThatMove } from './values-that-move.ts'

export interface LeakOptions extends Pick<ProbeOptions, 'instants' | 'rows' | 'signal'>, SingleFeatureOptions {
  /** What relative `.sql` paths are relative to; default the working directory. */
  readonly directory?: string
  /** Called before each step with what it does. */
  readonly onStep?: (step: string) => void
  /** Called within a step that probes instants, before each. */
  readonly onProgress?: (done: number, of: number) => void
}

/** A source and the instants its rows were judged by. */
export interface LeakSource {
  /** `public.flights`. */
  readonly relation: string
  /** Columns that had to be before the instant; empty when its rows count as there always. */
  readonly cutAt: readonly string[]
  /** Instants that did not count: `planned`, by their name; a `key`; or because others were `declared`. */
  readonly ignored: readonly { readonly column: string; readonly why: 'planned' | 'declared' | 'key' }[]
}

export interface LeakReport {
  readonly dataset: string
  readonly ok: boolean
  readonly checks: readonly LeakCheck[]
  readonly findings: readonly LeakFinding[]
  readonly sources: readonly LeakSource[]
  /** How late rows arrive, for views that declare `knownAt`. */
  readonly arrivals: readonly Arrivals[]
  /** How well each feature alone tells the label, strongest first. */
  readonly strengths: readonly FeatureStrength[]
  readonly warnings: readonly Diagnostic[]
}

/**
 * Looks for leaks in a dataset. Nothing is written; some rows of the sample are asked again over sources that end at their
 * instant.
 *
 * - `future`: features whose values move when every source is cut at `as_of`, with the source column that tells;
 * - `late`: the same through rows that became known only later, where `knownAt` is declared;
 * - `horizon`: labels that move when sources are cut at `as_of` + horizon;
 * - `outcome`: features made of a column the target keeps to itself, or of the label without an instant;
 * - `too-good`: a single feature that tells the label.
 *
 * @param options `instants` (5) and `rows` (50) set how much is probed; `tooGood` (0.95) is the AUC of one feature, judged on
 * `sampleRows` (20,000) rows.
 *
 * Errors: what compiling the dataset finds; `view/failed`.
 *
 * @example
 * ```ts
 * const report = await findLeaks(db, departures)
 * report.findings // [{ kind: 'future', view: 'view "late"', column: 'delay_7d', sources: ['public.flights.landed_at'], … }]
 * ```
 * ```sql
 * WITH _cut_flights AS (SELECT * FROM public.flights WHERE (landed_at IS NULL OR landed_at < timestamptz '2001-02-01 12:00:00+00')), …
 * ```
 */
export async function findLeaks(db: Database, dataset: DatasetDef, options: LeakOptions = {}): Promise<LeakReport> {
  const prepared = await prepareDataset(db, dataset, options.directory)
  const { value: bound, diagnostics } = bindDataset(prepared.dataset, prepared.facts)
  const warnings = [...prepared.warnings, ...throwIfErrors(diagnostics)]
  const { facts } = prepared
  const running = runningTraining(bound, facts, options.signal)
  return namingFailedView(db, running, () => looked(db, bound, facts, warnings, options))
}

async function looked(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  warnings: readonly Diagnostic[],
  options: LeakOptions,
): Promise<LeakReport> {
  const step = (text: string): void => {
    options.signal?.throwIfAborted()
    options.onStep?.(text)
  }
  const probing: ProbeOptions = {
    ...(options.instants === undefined ? {} : { instants: options.instants }),
    ...(options.rows === undefined ? {} : { rows: options.rows }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onProgress: (done, of) => {
      options.signal?.throwIfAborted()
      options.onProgress?.(done, of)
    },
  }
  step('features over cut sources')
  const features = await featuresThatMove(db, bound, facts, probing)
  step('label over cut sources')
  const horizon = await labelsThatMove(db, bound, facts, probing)
  step('what features are made of')
  const outcome = outcomeColumns(bound, facts)
  step('each feature alone')
  const single = await singleFeatures(db, bound, facts, options)
  step('how late rows arrive')
  const late = await arrivals(db, bound)
  const parts = [...features.parts, horizon, outcome, single]
  return {
    dataset: bound.dataset.name,
    ok: parts.every((p) => p.check.ok),
    checks: parts.map((p) => p.check),
    findings: parts.flatMap((p) => p.findings),
    sources: features.sources.map((s) => ({
      relation: `${s.schema}.${s.name}`,
      cutAt: s.cutAt.map((c) => c.name),
      ignored: s.ignored,
    })),
    arrivals: late,
    strengths: single.strengths,
    warnings,
  }
}
