/** Labels of logged predictions, from the dataset's target, once their outcome is known. */
import { bindDataset, durationSeconds, fail, type ModelDef, quoteIdentifier, trainingQuery } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { prepareModel } from '../../project/prepare-model.ts'
import { atSnapshot } from '../../store/datasets/at-snapshot.ts'
import { keepLabels, modelAsset } from '../../store/predictions/labels.ts'
import type { Store } from '../../store/store.ts'
import { type ChosenPredictions, chosenSql } from './chosen-predictions.ts'
import { tables } from './compared-values.ts'
import { askedColumns, overLog, rowColumn } from './over-log.ts'
import { takeQuestions } from './steps.ts'

export interface LabelOptions extends ChosenPredictions {
  readonly directory?: string
  readonly signal?: AbortSignal
  /** Called with the number of predictions asked about so far. */
  readonly onRows?: (rows: number) => void
}

export interface LabelledByTarget {
  /** Predictions asked about. */
  readonly predictions: number
  /** Those whose outcome is known by now, and not NULL. */
  readonly known: number
  /** New revisions; a label that is there already is none. */
  readonly recorded: number
}

const rowsOfOne = 50_000

/**
 * Asks the target of the model's dataset what came of logged predictions, whatever their version, and records it. An outcome
 * counts when its time has passed: `as_of` plus the horizon lies within what the target knows, or before now where nothing
 * says until when it knows. What differs from a label there is becomes its next revision; what was given stays.
 *
 * Runs in the database, 50,000 predictions at a time; no row leaves it.
 *
 * Errors: `log/no-target`; what compiling the dataset finds; `model/not-trained`; `time/instant`; `engine/interrupted`.
 *
 * @example
 * ```ts
 * await labelPredictions(store, model) // { predictions: 900, known: 600, recorded: 300 }
 * ```
 */
export async function labelPredictions(
  store: Store,
  model: ModelDef,
  options: LabelOptions = {},
): Promise<LabelledByTarget> {
  const asset = await modelAsset(store, model.name)
  const prepared = await prepareModel(store.db, model, options.directory)
  const { dataset } = prepared.model
  const whole = bindDataset(dataset, prepared.facts).value
  const { target } = dataset
  if (!target || !whole.labels.some((l) => l.name === model.label)) {
    return fail('log/no-target', { dataset: dataset.name, model: model.name })
  }
  const asked = askedColumns(
    whole,
    whole.features.map((f) => f.name),
  )
  const over = overLog({ ...dataset, features: [] }, prepared.facts, asked, tables.asked, { withTarget: true })
  const { sql, columns } = trainingQuery(over.dataset, over.facts)
  const query = options.signal ? { signal: options.signal } : {}
  const chosen = await chosenSql(store, { asset }, options)
  const horizon = durationSeconds(target.horizon ?? '')
  const isKnown = columns.some((c) => c.name === '_censored')
    ? 'NOT o._censored'
    : horizon === undefined
      ? 'true'
      : `l.as_of + ${horizon} * interval '1 second' <= now()`
  const label = `o.${quoteIdentifier(model.label)}`
  const type = columns.find((c) => c.name === model.label)?.type ?? 'text'
  let total: LabelledByTarget = { predictions: 0, known: 0, recorded: 0 }
  let last: string | undefined
  for (;;) {
    const lot = await atSnapshot(store.db, async (tx) => {
      const taken = await takeQuestions(tx, { asked, query }, chosen, rowsOfOne, last, false)
      if (taken.rows === 0) return taken
      await tx.query(`CREATE TEMPORARY TABLE ${outcome} ON COMMIT DROP AS\n${sql}`, [], query)
      await tx.execute(
        `CREATE TEMPORARY TABLE ${known} ON COMMIT DROP AS
         SELECT l.id, l.as_of, ${label}::text AS label, ${numberSql(label, type)} AS value
         FROM ${tables.logged} l JOIN ${outcome} o USING (${rowColumn}) WHERE ${label} IS NOT NULL AND ${isKnown}`,
      )
      const recorded = await keepLabels(tx, `SELECT * FROM ${known}`, 'target', store.actor, query)
      total = {
        predictions: total.predictions + taken.rows,
        known: total.known + (await count(tx)),
        recorded: total.recorded + recorded,
      }
      return taken
    })
    if (lot.rows === 0) return total
    last = lot.last
    options.onRows?.(total.predictions)
  }
}

const outcome = 'pg_temp._viewcast_outcome'
const known = 'pg_temp._viewcast_known'

const numbers = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'])

const numberSql = (label: string, type: string): string =>
  numbers.has(type) ? `${label}::float8` : type === 'bool' ? `${label}::int4::float8` : 'NULL::float8'

async function count(tx: Database): Promise<number> {
  const [row] = await tx.rows<{ n: string }>(`SELECT count(*) AS n FROM ${known}`)
  return Number(row?.n)
}
