/** How good logged predictions turned out to be, over time. */
import { durationSeconds, fail, type ModelRecord, outputName, outputs, quoteText } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { byMonths, lastLabels, modelAsset } from '../../store/predictions/labels.ts'
import { versionId } from '../../store/predictions/open-log.ts'
import { modelVersion } from '../../store/registry/model-versions.ts'
import { atomically, type Store } from '../../store/store.ts'
import { boundsSql, type ChosenPredictions, chosenSql } from './chosen-predictions.ts'
import { typedSql } from './compared-values.ts'
import { measuresOf, measuresOfClasses } from './metrics-sql.ts'

export interface MetricsOptions extends ChosenPredictions {
  /** Length of a period: `1 month` (of the calendar, in UTC), or a fixed one such as `1 week` (from Monday) or `6 hours`. Default `1 week`. */
  readonly every?: string
  /** Default every version that was logged. */
  readonly version?: number
}

export interface MeasuredPeriod {
  readonly version: number
  /** Instants, as the server prints them under UTC; `until` is no part of it. */
  readonly from: string
  readonly until: string
  /** By `as_of`. */
  readonly predictions: number
  /** Those with a label and a prediction, which are measured. */
  readonly labelled: number
  /** By the names that training gives them; those that the rows do not define are null. */
  readonly metrics: Readonly<Record<string, number | null>>
  /** Of probabilities: ten bins of equally many rows, those of one probability in one. */
  readonly calibration?: readonly CalibratedBin[]
}

export interface CalibratedBin {
  readonly rows: number
  /** Mean probability. */
  readonly predicted: number
  /** Share of label 1. */
  readonly observed: number
}

/**
 * Measures logged predictions that have labels, by version and period. Metrics mean what they mean in training: log loss,
 * AUC, Brier score and calibration of two outcomes, RMSE, MAE and R² of numbers, deviances of counts and amounts; of several
 * classes without the AUC. Rows count equally.
 *
 * One statement for each version; no row leaves the database.
 *
 * Errors: `model/not-trained`; `log/no-value` where the number that is measured was not logged; `define/option` for a length
 * that is none; `time/instant`; `deploy/unknown`.
 *
 * @example
 * ```ts
 * await predictionMetrics(store, 'delay15', { every: '1 week' })
 * // [{ version: 3, from: '2024-03-04 00:00:00+00', labelled: 812, metrics: { auc: 0.71, logLoss: 0.52, … }, … }]
 * ```
 */
export async function predictionMetrics(
  store: Store,
  model: string,
  options: MetricsOptions = {},
): Promise<readonly MeasuredPeriod[]> {
  const asset = await modelAsset(store, model)
  const period = periodSql(options.every ?? '1 week')
  if (options.version !== undefined) await versionId(store, model, options.version)
  const versions = await store.db.rows<{ id: string; version: number }>(
    `SELECT a.id, a.version FROM viewcast.artifact a WHERE a.asset_id = $1 AND ($2::int4 IS NULL OR a.version = $2)
       AND EXISTS (SELECT FROM viewcast.prediction_batch b WHERE b.artifact_id = a.id) ORDER BY a.version`,
    [asset, options.version ?? null],
  )
  const found: MeasuredPeriod[] = []
  for (const { id, version } of versions) {
    const { record } = await modelVersion(store, model, version)
    const chosen = await chosenSql(store, { artifact: id }, options)
    const asked = { chosen, labels: lastLabels(boundsSql('l', options)), period }
    found.push(...(await atomically(store, ({ db }) => measured(db, record, asked))))
  }
  return found
}

interface Period {
  /** Its start, over `p.as_of`. */
  readonly from: string
  /** Its end, over a column `bucket`. */
  readonly until: string
}

function periodSql(every: string): Period {
  if (/^(1 )?months?$/.test(every.trim())) {
    return {
      from: `date_trunc('month', p.as_of, 'UTC')`,
      until: `(bucket AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'`,
    }
  }
  const seconds = durationSeconds(/^\d/.test(every.trim()) ? every : `1 ${every}`)
  if (seconds === undefined || !(seconds >= 1)) {
    const detail = `is "${every}", which is neither a month nor a fixed length`
    fail('define/option', { option: 'every', what: 'predictionMetrics', detail, hint: "Write '1 week' or '1 month'." })
  }
  const length = `${seconds} * interval '1 second'`
  return { from: `date_bin(${length}, p.as_of, timestamptz '2001-01-01 00:00:00+00')`, until: `bucket + ${length}` }
}

interface Asked {
  /** Over `p` and `b`. */
  readonly chosen: string
  /** The relation of their labels. */
  readonly labels: string
  readonly period: Period
}

async function measured(
  db: Database,
  record: ModelRecord,
  { chosen, labels, period }: Asked,
): Promise<readonly MeasuredPeriod[]> {
  const classes = record.classes
  const names =
    classes === undefined
      ? [outputName(record.family)]
      : outputs({ ...record, outputs: ['probabilities'] }).map((o) => o.name)
  // What a batch logs its shape tells: no prediction is read for it.
  const isLogged = names.map((name) => `o.names @> ${quoteText(JSON.stringify([name]))}`).join(' AND ')
  const [there] = await db.rows<{ any: boolean; all: boolean }>(
    `SELECT count(*) > 0 AS any, coalesce(bool_or(${isLogged}), false) AS all
     FROM viewcast.prediction_batch b
     CROSS JOIN LATERAL (SELECT jsonb_agg(c ->> 'name') AS names FROM jsonb_array_elements(b.shape -> 'outputs') c) o
     WHERE EXISTS (SELECT FROM viewcast.prediction p WHERE p.batch_id = b.id AND ${chosen})`,
  )
  if (!there?.any) return []
  if (!there.all)
    fail('log/no-value', { model: record.name, version: String(record.version), column: names.join(', ') })
  const values = names.map((name, k) => `${typedSql('p.outputs', name, 'float8')} AS p${k + 1}`)
  const number = { ...measuresOf(classes === undefined ? record.family : 'gaussian', record.threshold) }
  const measures =
    classes === undefined ? number : { averages: measuresOfClasses(classes), ranks: false, calibrates: false }
  const isMeasured = [
    ...names.map((_, k) => `p${k + 1} <> 'NaN'`),
    classes === undefined ? "y > '-Infinity' AND y < 'Infinity'" : 'label IS NOT NULL',
  ].join(' AND ')
  const averages = Object.entries(measures.averages)
  await db.query(byMonths)
  const rows = await db.rows<{
    from: string
    until: string
    predictions: string
    labelled: string | null
    metrics: Record<string, number | string | null> | null
    bins: CalibratedBin[] | null
  }>(
    `WITH said AS (
       SELECT ${period.from} AS bucket, ${values.join(', ')}, l.value AS y, l.label
       FROM viewcast.prediction p JOIN viewcast.prediction_batch b ON b.id = p.batch_id
       LEFT JOIN ${labels} l ON (l.id, l.as_of) = (p.id, p.as_of)
       WHERE ${chosen}
     ), counted AS (
       SELECT bucket, count(*) AS predictions FROM said GROUP BY 1
     ), r AS (
       SELECT s.*, s.p1 AS p, avg(y) OVER w AS center,
         rank() OVER (PARTITION BY bucket ORDER BY p1) AS rank, count(*) OVER (PARTITION BY bucket, p1) AS ties,
         count(*) OVER w AS n
       FROM said s WHERE ${isMeasured} WINDOW w AS (PARTITION BY bucket)
     ), measured AS (
       SELECT bucket, count(*) AS labelled, jsonb_build_object(${averages.map(([name, sql]) => `${quoteText(name)}, ${sql}`).join(', ')})
         ${measures.ranks ? `|| jsonb_build_object('auc', ${auc})` : ''} AS metrics
       FROM r GROUP BY 1
     ), bins AS (
       SELECT bucket, least(9, ceil((rank - 0.5) * 10 / n) - 1) AS bin, count(*) AS rows, avg(p) AS predicted, avg(y) AS observed
       FROM r WHERE ${measures.calibrates} GROUP BY 1, 2
     ), calibrated AS (
       SELECT bucket, jsonb_agg(jsonb_build_object('rows', rows, 'predicted', predicted, 'observed', observed) ORDER BY bin) AS bins,
         sum(rows * abs(predicted - observed)) / sum(rows) AS error
       FROM bins GROUP BY 1
     )
     SELECT bucket AS from, ${period.until} AS until, predictions, labelled,
       metrics || CASE WHEN error IS NULL THEN '{}' ELSE jsonb_build_object('calibrationError', error) END AS metrics, bins
     FROM counted LEFT JOIN measured USING (bucket) LEFT JOIN calibrated USING (bucket) ORDER BY bucket`,
  )
  return rows.map(({ from, until, predictions, labelled, metrics, bins }) => ({
    version: record.version,
    from,
    until,
    predictions: Number(predictions),
    labelled: Number(labelled ?? 0),
    metrics: Object.fromEntries(
      Object.entries(metrics ?? {}).map(([name, v]) => [
        name,
        v === null || !Number.isFinite(Number(v)) ? null : Number(v),
      ]),
    ),
    ...(bins === null ? {} : { calibration: bins }),
  }))
}

/** By ranks: Mann and Whitney's statistic over the number of pairs; ties have the mean of their ranks. */
const auc = `(sum(rank + (ties - 1) / 2.0::float8) FILTER (WHERE y = 1)
  - count(*) FILTER (WHERE y = 1) * (count(*) FILTER (WHERE y = 1) + 1) / 2.0::float8)
  / nullif(count(*) FILTER (WHERE y = 1)::float8 * count(*) FILTER (WHERE y <> 1), 0)`
