/** A champion and a challenger over the same questions: how often they agree, how far they differ, and which of them is right. */
import { type Diagnostic, fail, labelKind, type ModelRecord, type OutputChoice, withOutputs } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type CompareOptions, preparedComparison } from '../predict/comparison.ts'
import type { Scored } from '../predict/prepared-together.ts'
import { namingFailedView } from '../project/failed-view.ts'
import { normalPValue } from '../train/measure/distributions.ts'
import { movementShares } from './challenge-aggregates.ts'
import { challengeStatement } from './challenge-sql.ts'
import { cohensKappa, exactSignTest, populationStability } from './pair-statistics.ts'
import type { EvaluatedPart } from './scored-rows.ts'

export interface ChallengeOptions extends Omit<CompareOptions, 'withLabel' | 'limit'> {
  /** Of the sample. Default `test` where the champion had one, else `all`. */
  readonly part?: EvaluatedPart
  readonly signal?: AbortSignal
}

/** A number that both give. Differences are challenger less champion. */
export interface ScoreComparison {
  readonly output: string
  /** Questions both gave a number for. */
  readonly rows: number
  /** No finite number, or one beyond 1e70: of the champion only, of the challenger only, of both. */
  readonly missing: { readonly champion: number; readonly challenger: number; readonly both: number }
  /** Rows whose number is another one. */
  readonly moved: number
  readonly championMean: number | null
  readonly challengerMean: number | null
  readonly meanShift: number | null
  /** Of the differences; null for fewer than two rows. */
  readonly standardDeviation: number | null
  /** The greatest absolute difference. */
  readonly largest: number | null
  /** Share of rows → difference that this share does not exceed, interpolated. */
  readonly quantiles: Readonly<Record<string, number>>
  /** Null where one of both is constant. */
  readonly pearson: number | null
  readonly spearman: number | null
  /** Kolmogorov–Smirnov distance of the two distributions, 0 to 1. */
  readonly distance: number | null
  /** Population stability index over tenths of the champion's: below 0.1 little, above 0.25 much has changed. */
  readonly stability: number | null
  /** Tenths by the number of the champion; equal numbers are in one. */
  readonly deciles: readonly DecileComparison[]
}

export interface DecileComparison {
  readonly decile: number
  readonly rows: number
  readonly least: number
  readonly greatest: number
  readonly championMean: number
  readonly challengerMean: number
  /** Share of rows with the same label; null where there are no labels. */
  readonly agreement: number | null
  /** Mean of the known label; null where none is known. */
  readonly observed: number | null
}

export interface LabelComparison {
  /** Rows both gave a label for. */
  readonly rows: number
  /** Share of them with the same one; null without rows. */
  readonly agreement: number | null
  /** Cohen's kappa: agreement beyond chance, 1 at most; null where both always say one thing. */
  readonly kappa: number | null
  /** Null is no label. The largest first. */
  readonly confusion: readonly {
    readonly champion: string | null
    readonly challenger: string | null
    readonly rows: number
  }[]
}

/** A metric on rows whose label is known. Differences are challenger less champion. */
export interface MetricComparison {
  readonly metric: 'logLoss' | 'brier' | 'accuracy' | 'auc' | 'mse' | 'mae'
  readonly rows: number
  readonly champion: number
  readonly challenger: number
  readonly difference: number
  /** Of the difference, the rows being paired; null where there are too few. */
  readonly standardError: number | null
  /** Two-sided; of `accuracy` McNemar's exact test on the rows that one of both had right, unweighted; else normal. */
  readonly pValue: number | null
}

export interface Challenge {
  readonly champion: { readonly model: string; readonly version: number }
  readonly challenger: { readonly model: string; readonly version: number }
  /** The part of the sample; absent where it was not the sample that was asked. */
  readonly part?: EvaluatedPart
  readonly rows: number
  readonly outputs: readonly ScoreComparison[]
  readonly label?: LabelComparison
  /** Where labels are known; empty without. */
  readonly metrics: readonly MetricComparison[]
  /** Rows that one of both had right. */
  readonly discordant?: { readonly champion: number; readonly challenger: number }
  /** The query that scores both. */
  readonly sql: string
  readonly warnings: readonly Diagnostic[]
}

/**
 * Scores two versions for the same questions in one statement of aggregates: no row and no key leaves the database.
 *
 * The questions are every row of the entity as of `at`, the `keys` given, or with `spine: 'sample'` the sample's rows, whose
 * labels are known: then metrics of both, with the standard error of their paired difference.
 *
 * Costs one comparison query, whose rows are kept aside by the server until the aggregates are made, and sorts of them.
 *
 * Errors: those of `comparisonQuery`; `train/no-rows` for a part without rows; `view/failed`; `engine/interrupted`.
 *
 * @example
 * ```ts
 * const { label, metrics } = await challenge(db, { model, record: v3 }, { model, record: v4 }, { spine: 'sample' })
 * label.agreement // 0.968
 * metrics[0]      // { metric: 'logLoss', difference: -0.0121, standardError: 0.0031, … }
 * ```
 * ```sql
 * WITH _compared AS (WITH … SELECT …), _rows AS MATERIALIZED (…) SELECT (SELECT jsonb_build_object(…) FROM _rows), …
 * ```
 */
export async function challenge(
  db: Database,
  champion: Scored,
  challenger: Scored,
  options: ChallengeOptions = {},
): Promise<Challenge> {
  const { part: wanted, ...asked } = options
  const isSample = options.spine === 'sample' && options.keys === undefined
  const [first, second] = [measuring(champion), measuring(challenger)]
  const { query, running } = await preparedComparison(
    db,
    first,
    { challenger: second },
    { ...asked, withLabel: isSample },
  )
  const part = isSample ? (wanted ?? (champion.record.dataset.testRows > 0 ? 'test' : 'all')) : undefined
  const records = [withOutputs(first.record, first.outputs), withOutputs(second.record, second.outputs)] as const
  const statement = challengeStatement(query, records, part)
  const { rows } = await namingFailedView(db, running, () =>
    db.query(statement.sql, [], options.signal ? { signal: options.signal } : {}),
  )
  const found = Object.fromEntries(statement.columns.map((name, i) => [name, rows[0]?.[i]])) as Found
  if (isSample && found.rows === 0) {
    fail('train/no-rows', { dataset: champion.model.dataset.name, part: part ?? 'all' })
  }
  const label = found.confusion === undefined ? undefined : labelComparison(found.confusion ?? [])
  return {
    champion: { model: champion.record.name, version: champion.record.version },
    challenger: { model: challenger.record.name, version: challenger.record.version },
    ...(part === undefined ? {} : { part }),
    rows: found.rows,
    outputs: statement.outputs.map((output, i) =>
      scoreComparison(output, found[`movement_${i}`] as Movement, (found[`deciles_${i}`] ?? []) as Decile[]),
    ),
    ...(label === undefined ? {} : { label }),
    metrics: metricsOf(statement.losses, found),
    ...(found.discordant ? { discordant: { champion: found.discordant[0], challenger: found.discordant[1] } } : {}),
    sql: query.sql,
    warnings: query.warnings,
  }
}

/** What is measured does not depend on the outputs that were chosen to be shown. */
function measuring({ model, record }: Scored): Scored & { readonly outputs: readonly OutputChoice[] } {
  return { model, record, outputs: measuredOutputs(record) }
}

function measuredOutputs({ family }: ModelRecord): OutputChoice[] {
  const kind = labelKind(family)
  if (kind === 'class') return ['label', 'probabilities']
  return kind === 'outcome' ? ['value', 'label'] : ['value']
}

interface Movement {
  readonly rows: number
  readonly missing: readonly [number, number, number]
  readonly moved: number
  readonly champion: number | null
  readonly challenger: number | null
  readonly shift: number | null
  readonly deviation: number | null
  readonly largest: number | null
  readonly quantiles: readonly number[] | null
  readonly pearson: number | null
  readonly spearman: number | null
  readonly distance: number | null
  readonly bins: readonly (readonly [number, number])[] | null
}

interface Decile {
  readonly decile: number
  readonly rows: number
  readonly least: number
  readonly greatest: number
  readonly champion: number
  readonly challenger: number
  readonly agreement: number | null
  readonly observed: number | null
}

interface Paired {
  readonly rows: number
  readonly weight: number
  readonly champion: number
  readonly challenger: number
  readonly difference: number
  readonly squares: number
}

interface Area {
  readonly ones: number
  readonly zeros: number
  readonly champion: number
  readonly challenger: number
  readonly onesSquares: number
  readonly zerosSquares: number
}

type Confusion = readonly (readonly [string | null, string | null, number])[]

interface Found {
  readonly rows: number
  readonly confusion?: Confusion | null
  readonly discordant?: readonly [number, number]
  readonly area?: Area
  readonly [more: string]: unknown
}

function scoreComparison(output: string, found: Movement, deciles: readonly Decile[]): ScoreComparison {
  const { missing, quantiles, bins, rows } = found
  return {
    output,
    rows,
    missing: { champion: missing[0], challenger: missing[1], both: missing[2] },
    moved: found.moved,
    championMean: found.champion,
    challengerMean: found.challenger,
    meanShift: found.shift,
    standardDeviation: found.deviation,
    largest: found.largest,
    quantiles: Object.fromEntries((quantiles ?? []).map((value, i) => [String(movementShares[i]), value])),
    pearson: found.pearson,
    spearman: found.spearman,
    distance: found.distance === null || rows === 0 ? null : found.distance / rows,
    stability: bins === null ? null : populationStability(bins),
    deciles: deciles.map(({ champion, challenger, ...rest }) => ({
      ...rest,
      championMean: champion,
      challengerMean: challenger,
    })),
  }
}

function labelComparison(found: Confusion): LabelComparison {
  const both = found.flatMap(([a, b, rows]) => (a === null || b === null ? [] : [[a, b, rows] as const]))
  const rows = both.reduce((sum, [, , n]) => sum + n, 0)
  const equal = both.reduce((sum, [a, b, n]) => sum + (a === b ? n : 0), 0)
  return {
    rows,
    agreement: rows === 0 ? null : equal / rows,
    kappa: cohensKappa(both),
    confusion: found.map(([a, b, n]) => ({ champion: a, challenger: b, rows: n })),
  }
}

function metricsOf(losses: readonly string[], found: Found): MetricComparison[] {
  const paired = losses.flatMap((metric, i): MetricComparison[] => {
    const { rows, weight, champion, challenger, difference, squares } = found[`loss_${i}`] as Paired
    if (rows === 0) return []
    const standardError = rows < 2 ? null : Math.sqrt((squares * rows) / (rows - 1)) / weight
    const isAccuracy = metric === 'accuracy'
    const pValue =
      isAccuracy && found.discordant ? exactSignTest(...found.discordant) : tested(difference, standardError)
    return [
      { metric: metric as MetricComparison['metric'], rows, champion, challenger, difference, standardError, pValue },
    ]
  })
  const { area } = found
  if (!area || area.ones === 0 || area.zeros === 0) return paired
  const { ones, zeros, champion, challenger } = area
  const variance =
    ones < 2 || zeros < 2 ? null : (area.onesSquares * ones) / (ones - 1) + (area.zerosSquares * zeros) / (zeros - 1)
  const standardError = variance === null ? null : Math.sqrt(variance)
  const difference = challenger - champion
  const pValue = tested(difference, standardError)
  return [...paired, { metric: 'auc', rows: ones + zeros, champion, challenger, difference, standardError, pValue }]
}

const tested = (difference: number, error: number | null): number | null =>
  error === null ? null : error === 0 ? (difference === 0 ? 1 : 0) : normalPValue(difference / error)
