/** The package has no types of its own. What is used of version 2.0.0. */
declare module 'ml-logistic-regression' {
  import type { Matrix } from 'ml-matrix'

  export interface TwoClasses {
    /** One row, a weight per column of the features. */
    readonly weights: Matrix
  }

  // biome-ignore lint/style/noDefaultExport: it is how the package exports it
  export default class LogisticRegression {
    constructor(options: { readonly numSteps: number; readonly learningRate: number })
    /** One per class, once trained. */
    readonly classifiers: readonly TwoClasses[]
    /** `labels` is a column vector of 0, 1, … */
    train(features: Matrix, labels: Matrix): void
  }
}
