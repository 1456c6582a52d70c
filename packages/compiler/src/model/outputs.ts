/** The columns a prediction has beside its keys, and what has to be computed for them. */
import type { Calibration } from '../ir/calibration.ts'
import { type Expr, expr } from '../ir/expression.ts'
import { type Family, labelKind } from '../ir/family.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { type OutputChoice, outputTitle } from '../ir/output.ts'
import type { Projection } from '../ir/relation.ts'
import { calibrated } from './calibration.ts'
import { contributions } from './contributions.ts'
import { confidence, interval } from './intervals.ts'
import { complementOf, meanOf } from './links.ts'
import { namesOf } from './output-names.ts'
import { type Output, type PlannedOutputs, refuseOutput } from './planned-outputs.ts'
import { reasons } from './reasons.ts'
import { scoreColumns } from './score-columns.ts'
import { isBounded } from './score-range.ts'
import { pointsOutputs } from './scorecard.ts'
import { probabilityOf, shares, topColumn, topScore, totalOfShares } from './softmax.ts'

/** Name of the output column `value`. */
export function outputName(family: Family): string {
  if (family === 'binomial') return 'probability'
  return family === 'svm' ? 'distance' : 'prediction'
}

/** The outputs of a record that has chosen none: the label where it is not a number by itself, then the numbers. */
export function defaultOutputs(family: Family): readonly OutputChoice[] {
  if (family === 'multinomial') return ['label', 'probabilities']
  return family === 'svm' ? ['value', 'label'] : ['value']
}

/** A scorecard is there to be read. */
const usualOutputs = ({ family, scorecard }: ModelRecord): readonly OutputChoice[] =>
  scorecard === undefined ? defaultOutputs(family) : [...defaultOutputs(family), 'points']

/** The output columns of a record, in the order of its choices. Errors: `model/output`. */
export const outputs = (record: ModelRecord): readonly Output[] => plannedOutputs(record).outputs

/** The outputs of a record and the columns they need; a column that two choices need is there once. Errors: `model/output`. */
export function plannedOutputs(record: ModelRecord): PlannedOutputs {
  const choices = record.outputs ?? usualOutputs(record)
  const planned = choices.map((choice) => outputsOf(record, choice, choices))
  const columns = new Map(planned.flatMap((p) => p.columns.map((c) => [c.name, c])))
  const all = planned.flatMap((p) => p.outputs)
  const twice = all.find((o, i) => all.findIndex((other) => other.name === o.name) !== i)
  if (twice !== undefined) refuseOutput(record, twice.name, 'two choices give a column of that name')
  return { columns: [...columns.values()], outputs: all }
}

function outputsOf(record: ModelRecord, choice: OutputChoice, all: readonly OutputChoice[]): PlannedOutputs {
  switch (choice) {
    case 'value':
      return value(record, all)
    case 'probabilities':
      return probabilities(record)
    case 'label':
      return label(record, all)
    case 'linear':
      return linear(record)
    case 'contributions':
      return explained(record, choice) ?? contributions(record)
    case 'points':
      return pointsOutputs(record)
  }
  const title = outputTitle(choice)
  if ('reasons' in choice) {
    if (record.classes !== undefined)
      refuseOutput(record, title, 'has a score for each class; contributions are told for each')
    return explained(record, choice) ?? reasons(record, choice.reasons, choice.by ?? 'raising')
  }
  if (record.trees !== undefined) refuseOutput(record, title, 'is made of trees')
  return 'confidence' in choice
    ? confidence(record, choice.confidence, title)
    : interval(record, choice.interval, title)
}

/** Refuses what only a linear predictor can be told apart into. */
function explained(record: ModelRecord, choice: OutputChoice): undefined {
  if (record.trees !== undefined) refuseOutput(record, outputTitle(choice), 'is made of trees')
  if (record.inputs.length === 0) refuseOutput(record, outputTitle(choice), 'has no inputs')
}

/** Whether a choice needs what each input adds. */
export const isExplained = (record: ModelRecord): boolean =>
  (record.outputs ?? []).some((c) => c === 'contributions' || (typeof c === 'object' && 'reasons' in c))

const stage = (name: string): Expr => expr.column('s', name)
const linearColumn = (record: ModelRecord): Expr => stage(scoreColumns(record)[0] ?? '')

/** Where the mean is computed when more than one output reads it. */
const meanColumn = '_mean'

/** The mean, as a column of its own where both it and the label it decides are asked for. */
function mean(record: ModelRecord, all: readonly OutputChoice[]): { columns: readonly Projection[]; expr: Expr } {
  if (record.family === 'binomial' && record.calibration !== undefined) return curved(record, record.calibration)
  const written = meanOf(record.family, record.link, linearColumn(record), isBounded(record))
  const shared = record.family === 'binomial' && all.includes('value') && all.includes('label')
  return shared
    ? { columns: [{ name: meanColumn, expr: written }], expr: stage(meanColumn) }
    : { columns: [], expr: written }
}

/** The probability a calibration gives, always a column: it is long, and read by more than one output. */
function curved(record: ModelRecord, { curve }: Calibration): { columns: readonly Projection[]; expr: Expr } {
  const name = '_calibrated'
  return { columns: [{ name, expr: calibrated(curve, linearColumn(record)) }], expr: stage(name) }
}

function value(record: ModelRecord, all: readonly OutputChoice[]): PlannedOutputs {
  const { family, label: of } = record
  if (family === 'multinomial') refuseOutput(record, 'value', 'has a probability for each class instead')
  const { columns, expr: written } = mean(record, all)
  const description =
    family === 'binomial'
      ? `probability of ${of}, 0 to 1`
      : family === 'svm'
        ? `distance of ${of} from the margin, positive on its true side`
        : `expected ${of}`
  const output: Output = { name: outputName(family), type: 'float8', description, expr: written }
  if (family !== 'svm' || record.calibration === undefined) return { columns, outputs: [output] }
  const { columns: more, expr: probability } = curved(record, record.calibration)
  const likely = `probability of ${of}, 0 to 1`
  return {
    columns: [...columns, ...more],
    outputs: [output, { name: 'probability', type: 'float8', description: likely, expr: probability }],
  }
}

/** Whether an output is a mean whose link would have a guard, were the score not proven to be bounded. */
export function isUnguarded(record: ModelRecord): boolean {
  const { link, calibration, outputs: chosen = usualOutputs(record) } = record
  const isMean = chosen.some((c) => c === 'value' || c === 'label')
  return isMean && (link === 'logit' || link === 'log') && calibration === undefined && isBounded(record)
}

const complementOfShare = (p: Expr): Expr => expr.sum([expr.float(1), expr.negate(p)])

function probabilities(record: ModelRecord): PlannedOutputs {
  const { family, link, classes = [], label: of } = record
  if (family === 'binomial') {
    const z = linearColumn(record)
    const curve = record.calibration && curved(record, record.calibration)
    const output = (name: string, what: string, written: Expr): Output => ({
      name,
      type: 'float8',
      description: `probability that ${of} is ${what}, 0 to 1`,
      expr: written,
    })
    return {
      columns: curve?.columns ?? [],
      outputs: [
        output('probability_false', 'false', curve ? complementOfShare(curve.expr) : complementOf(link, z)),
        output('probability_true', 'true', curve?.expr ?? meanOf(family, link, z)),
      ],
    }
  }
  if (family !== 'multinomial') refuseOutput(record, 'probabilities', 'has no classes')
  const scores = scoreColumns(record)
  const names = namesOf('probability', classes)
  // Forests vote in probabilities: nothing is left to compute.
  const isShare = link === 'identity'
  return {
    columns: isShare ? [] : [topScore(scores), ...shares(scores), totalOfShares(scores.length)],
    outputs: classes.map((c, i) => ({
      name: names[i] ?? '',
      type: 'float8',
      description: `probability that ${of} is ${c}, 0 to 1`,
      expr: isShare ? stage(scores[i] ?? '') : probabilityOf(i),
    })),
  }
}

/** NULL where a score is; between classes of equal scores the first. */
function label(record: ModelRecord, all: readonly OutputChoice[]): PlannedOutputs {
  const { family, classes = [], label: of, threshold } = record
  const kind = labelKind(family)
  if (kind === 'number') refuseOutput(record, 'label', 'predicts a number, which is its value')
  if (kind === 'class') {
    const scores = scoreColumns(record)
    const arms = scores.map((name, i) => ({
      when: expr.compare('=', stage(name), stage(topColumn)),
      value: expr.text(classes[i] ?? ''),
    }))
    const description = `${of}: the class of the highest score, the first of equal ones`
    const written = expr.case(arms, expr.literal('text', null))
    return { columns: [topScore(scores)], outputs: [{ name: 'label', type: 'text', description, expr: written }] }
  }
  const { columns, expr: written } = mean(record, all)
  const least = family === 'svm' ? 0 : threshold
  const description =
    family === 'svm'
      ? `${of}: whether the distance is at least 0`
      : `${of}: whether the probability is at least ${least}`
  const decided = expr.compare('>=', written, expr.float(least))
  return { columns, outputs: [{ name: 'label', type: 'bool', description, expr: decided }] }
}

function linear(record: ModelRecord): PlannedOutputs {
  const { classes } = record
  const scores = scoreColumns(record)
  const names = classes === undefined ? ['linear_predictor'] : namesOf('linear_predictor', classes)
  return {
    columns: [],
    outputs: scores.map((name, i) => ({
      name: names[i] ?? '',
      type: 'float8',
      description: `linear predictor${classes === undefined ? '' : ` of ${classes[i]}`}, before the link`,
      expr: stage(name),
    })),
  }
}
