/** Evaluation of a model whose label is one of several classes. */
import { effectiveCount, meanEstimate, shareEstimate } from './estimate.ts'
import type { Measured } from './residuals.ts'
import { aucEstimate } from './roc.ts'

export interface ClassRows {
  /** Place of each row's class among the classes; −1 for one the model does not know. */
  readonly label: Int32Array
  /** A probability of each class for each row, row by row. */
  readonly probabilities: Float64Array
  readonly classes: readonly string[]
  readonly weights?: Float64Array | undefined
}

export interface ClassFigures {
  readonly name: string
  readonly rows: number
  /** Share of the rows that are told to be of the class and are. */
  readonly precision: number
  /** Share of the rows of the class that are told to be. */
  readonly recall: number
  /** Against all other classes. */
  readonly auc: Measured
}

export interface ClassesEvaluation {
  readonly kind: 'classes'
  readonly metrics: readonly Measured[]
  /** Weights of rows by class and by the class told, in the order of `classes`. */
  readonly confusion: readonly (readonly number[])[]
  readonly classes: readonly ClassFigures[]
}

/** Probabilities are held this far from 0, as one certain error would make the log loss infinite. */
const clip = 1e-15

/** Accuracy, log loss and the mean AUC of each class against the others; ties go to the first class. */
export function evaluateClasses(rows: ClassRows): ClassesEvaluation {
  const { label, probabilities, classes, weights } = rows
  const width = classes.length
  const confusion = classes.map(() => classes.map(() => 0))
  const hits = new Float64Array(label.length)
  const loss = new Float64Array(label.length)
  for (let r = 0; r < label.length; r++) {
    const own = label[r] as number
    let told = 0
    for (let k = 1; k < width; k++) {
      if ((probabilities[r * width + k] as number) > (probabilities[r * width + told] as number)) told = k
    }
    const w = weights === undefined ? 1 : (weights[r] as number)
    const line = confusion[own]
    if (line !== undefined) line[told] = (line[told] ?? 0) + w
    hits[r] = own === told ? 1 : 0
    // A class the model does not know was given no probability.
    loss[r] = -Math.log(Math.max(clip, own < 0 ? 0 : (probabilities[r * width + own] as number)))
  }
  const figures = classes.map((name, k) => figuresOf(rows, confusion, name, k))
  const areas = figures.map((f) => f.auc.estimate.value).filter(Number.isFinite)
  const accuracy = meanEstimate({ values: hits, weights }).value
  return {
    kind: 'classes',
    metrics: [
      { name: 'accuracy', estimate: shareEstimate(accuracy, effectiveCount(weights, label.length)) },
      { name: 'logLoss', estimate: meanEstimate({ values: loss, weights }) },
      ...(areas.length === 0
        ? []
        : [{ name: 'meanAuc', estimate: { value: areas.reduce((a, b) => a + b, 0) / areas.length } }]),
    ],
    confusion,
    classes: figures,
  }
}

function figuresOf(rows: ClassRows, confusion: readonly (readonly number[])[], name: string, k: number): ClassFigures {
  const { label, probabilities, classes, weights } = rows
  const width = classes.length
  const own = Float64Array.from(label, (c) => (c === k ? 1 : 0))
  const predicted = Float64Array.from(label, (_, r) => probabilities[r * width + k] as number)
  const right = confusion[k]?.[k] ?? 0
  const told = confusion.reduce((sum, line) => sum + (line[k] ?? 0), 0)
  const all = (confusion[k] ?? []).reduce((a, b) => a + b, 0)
  return {
    name,
    rows: own.reduce((a, b) => a + b, 0),
    precision: right / told,
    recall: right / all,
    auc: { name: 'auc', estimate: aucEstimate({ predicted, label: own, weights }) },
  }
}
