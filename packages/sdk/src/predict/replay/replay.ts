/** Asks logged questions again, as training does, and says why what was logged differs. */
import { bindDataset, boundaryType, type ModelDef, type ModelRecord, outputs, withOutputs } from '@viewcast/compiler'
import { prepareModel } from '../../project/prepare-model.ts'
import { atSnapshot } from '../../store/datasets/at-snapshot.ts'
import { hashKeyMark, hashPads } from '../../store/predictions/log-shape.ts'
import { versionId } from '../../store/predictions/open-log.ts'
import type { Store } from '../../store/store.ts'
import { viewDigests } from '../logged-prediction.ts'
import { arrivalsOf, attribute } from './causes.ts'
import { type ChosenPredictions, chosenSql } from './chosen-predictions.ts'
import { type ComparedInput, tables } from './compared-values.ts'
import { askedColumns } from './over-log.ts'
import type { Replay } from './replay-report.ts'
import { askAgain, compareWithNow, type Replayed, takeQuestions } from './steps.ts'
import { tally } from './tally.ts'

export interface ReplayOptions extends ChosenPredictions {
  /** Predictions at most, chosen by a hash, so that the same ones are chosen again. Default 10,000. */
  readonly limit?: number
  /** Secret that inputs were hashed with; without it those are not compared. */
  readonly hashKey?: string
  /**
   * Instants of prediction that late data are looked for at, at most, where no index finds the rows of a question and each
   * instant reads everything; 0 looks for none. Default 200.
   */
  readonly instants?: number
  readonly directory?: string
  readonly signal?: AbortSignal
  /** Called with the number of predictions replayed so far. */
  readonly onRows?: (rows: number) => void
}

/** Rows of one snapshot and one set of temporary tables. */
const rowsOfOne = 20_000

/**
 * Replays the log of a version: asks the training query at the logged questions and instants, compares its features with the
 * logged inputs bit for bit (the predictions, where inputs were not kept), and finds a cause for every difference.
 *
 * Runs in the database, 20,000 predictions at a time, each lot on one snapshot: a statement for the features, one for the model
 * over the logged inputs, one for the comparison, then one for all differences that late data may explain, each asked as of
 * when it was predicted: where no index finds the rows of a question, one for each such instant. Only counts leave it.
 * Temporary tables are made.
 *
 * Errors: what compiling the model finds; `model/not-trained`; `time/instant`; `view/failed`; `engine/interrupted`.
 *
 * @example
 * ```ts
 * const { rows, equal, columns } = await replayPredictions(store, model, record)
 * columns[0] // { column: 'delay_7d', view: 'late', compared: 300, different: 12, causes: { 'late data': 12 }, moved: … }
 * ```
 */
export async function replayPredictions(
  store: Store,
  model: ModelDef,
  given: ModelRecord,
  options: ReplayOptions = {},
): Promise<Replay> {
  const artifact = await versionId(store, given.name, given.version)
  const { signal } = options
  const prepared = await prepareModel(store.db, model, options.directory)
  const record = explained(given)
  const bound = bindDataset(prepared.model.dataset, prepared.facts).value
  const chosen = await chosenSql(store, { artifact }, options)
  const { hashKey } = options
  const replayed: Replayed = {
    model: prepared.model,
    record,
    facts: prepared.facts,
    bound,
    asked: askedColumns(
      bound,
      record.inputs.map((i) => i.feature),
    ),
    inputs: comparedInputs(record, new Map([...bound.extras, ...bound.features].map((c) => [c.name, c]))),
    keys: hashKey === undefined ? [null, null, null] : [hashKeyMark(hashKey), ...hashPads(hashKey)],
    query: signal ? { signal } : {},
  }
  const [there] = await store.db.rows<{ n: string }>(
    `SELECT count(*) AS n FROM viewcast.prediction p JOIN viewcast.prediction_batch b ON b.id = p.batch_id WHERE ${chosen}`,
  )
  const logged = Number(there?.n ?? 0)
  const total = tally(replayed, logged, prepared.warnings)
  const digests = viewDigests(bound, prepared.facts)
  const arrivals = arrivalsOf(bound, prepared.facts)
  const limit = Math.min(options.limit ?? 10_000, logged)
  let instants = options.instants ?? 200
  let last: string | undefined
  while (total.rows() < limit) {
    const size = Math.min(rowsOfOne, limit - total.rows())
    const lot = await atSnapshot(store.db, async (tx) => {
      const taken = await takeQuestions(tx, replayed, chosen, size, last)
      if (taken.rows === 0) return taken
      await askAgain(tx, replayed, tables.asked, tables.now)
      await compareWithNow(tx, replayed)
      const attributed = await attribute(tx, replayed, { digests, arrivals, instants })
      instants -= attributed.instants
      await total.add(tx, taken.rows, attributed)
      return taken
    })
    if (lot.rows === 0) break
    last = lot.last
    options.onRows?.(total.rows())
  }
  return total.report()
}

/** With what each input adds, where the score is a sum of them. */
function explained(record: ModelRecord): ModelRecord {
  if (record.trees !== undefined || record.inputs.length === 0) return record
  const own = record.outputs ?? (record.family === 'multinomial' ? ['label', 'probabilities'] : ['value'])
  return own.includes('contributions') ? record : withOutputs(record, [...own, 'contributions'])
}

function comparedInputs(
  record: ModelRecord,
  columns: ReadonlyMap<string, { readonly type: string }>,
): readonly ComparedInput[] {
  const parts = partColumns(record)
  return record.inputs.map(({ feature, type }, i) => ({
    no: i + 1,
    name: feature,
    type: boundaryType(columns.get(feature) ?? { type }),
    parts: parts.flatMap((own) => own[i] ?? []),
  }))
}

/** For each score, the columns with what its inputs add: they follow the baseline, inputs first. */
function partColumns(record: ModelRecord): readonly (readonly string[])[] {
  if (record.trees !== undefined || record.inputs.length === 0) return []
  const names = outputs({ ...record, outputs: ['contributions'] }).map((o) => o.name)
  const scores = record.classes?.length ?? 1
  const width = names.length / scores
  return Array.from({ length: scores }, (_, k) => names.slice(k * width + 1, (k + 1) * width))
}
