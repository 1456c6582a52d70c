/** What one aggregate says of all rows: how many are in each part, what the labels are, and where the inputs lie. */
import { type Diagnostic, type ModelDef, partsQuery, type TrainingRows } from '@viewcast/compiler'
import { type Collected, type CollectedInput, checkRows, type LeftOut, type Part } from '../collect/collect.ts'
import type { InputStatistics } from '../collect/statistics.ts'
import type { Ask } from './ask.ts'

export interface SurveyedRows {
  readonly rows: Collected['rows']
  readonly leftOut: LeftOut
  /** Of the training rows; of a numeric input without its deviation, of a category without its levels. */
  readonly inputs: readonly CollectedInput[]
  readonly warnings: readonly Diagnostic[]
}

/** Errors: those of reading the rows, all at once. */
export async function surveyRows(ask: Ask, model: ModelDef, rows: TrainingRows): Promise<SurveyedRows> {
  const found = new Map((await ask(partsQuery(rows))).map((r) => [String(r[0]), r.slice(1).map(Number)]))
  const count = (part: string): number => found.get(part)?.[0] ?? 0
  const inParts = { train: count('train'), test: count('test'), validation: count('validation') }
  const leftOut = {
    censored: count('censored'),
    gap: count('gap'),
    unlabelled: count('unlabelled'),
    weightless: count('weightless'),
  }
  const total = (place: number): number =>
    [...found].reduce((sum, [part, row]) => sum + (labelled.has(part) ? (row[place] ?? 0) : 0), 0)
  const train = found.get('train') ?? []
  const least = [...found].flatMap(([part, row]) => (labelled.has(part) ? [row[5] ?? 0] : []))
  const inputs = rows.inputs.map(({ feature, type, kind }, i): CollectedInput => {
    const own = train.slice(6 + 4 * i, 10 + 4 * i)
    return { feature, type, statistics: statisticsOf(kind, own, inParts.train) }
  })
  const warnings = checkRows(model, inputs, {
    rows: inParts,
    isWeighted: model.dataset.sample.weight !== undefined,
    leftOut,
    badWeights: total(1),
    positives: train[4] ?? 0,
    otherLabels: total(2),
    infiniteLabels: total(3),
    ...(least.length === 0 ? {} : { leastLabel: Math.min(...least) }),
  })
  return { rows: inParts, leftOut, inputs, warnings }
}

/** Rows whose label and weight count, as when rows are read one by one. */
const labelled: ReadonlySet<string> = new Set<Part | 'weightless'>(['train', 'test', 'validation', 'weightless'])

function statisticsOf(kind: InputStatistics['kind'], row: readonly number[], rows: number): InputStatistics {
  const [count = 0, second = 0, min = 0, max = 0] = row
  const missing = rows - count
  switch (kind) {
    case 'numeric':
      return { kind, count, missing, mean: second, deviation: 0, min, max }
    case 'boolean':
      return { kind, count, missing, trues: second }
    case 'category':
      return { kind, count, missing, levels: [] }
  }
}
