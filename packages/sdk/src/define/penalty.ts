/** Penalties of a model: given, or chosen along a path. */
import { fail, type Penalty, type PenaltyPath } from '@viewcast/compiler'

export interface PenaltyPathOptions {
  /** Share of λ on the absolute values: 1 is the lasso, 0 is ridge, between is the elastic net. 1 by default. */
  readonly l1Ratio?: number
  /** Parts of the training rows, each left out once; 2 to 100, 10 by default. Rows of an entity are in one part. */
  readonly folds?: number
  /**
   * `'min'` takes the λ with the least loss on the rows left out; `'1se'` the largest λ whose loss is within one standard
   * error of that: fewer columns for a loss that cannot be told apart. `'1se'` by default.
   */
  readonly rule?: 'min' | '1se'
  /**
   * The λ to try, or how many: then they fall evenly on a logarithmic scale, from the smallest that leaves no column down
   * to a ten-thousandth of it (a hundredth with more columns than rows). 100 by default.
   */
  readonly lambdas?: number | readonly number[]
}

/**
 * A penalty chosen by cross-validation: λ₁ = λ · l1Ratio and λ₂ = λ · (1 − l1Ratio), for the λ that predicts best.
 *
 * The penalty is added to a sum over the training rows, so glmnet's `lambda` is λ divided by their weight, and its `alpha`
 * is `l1Ratio`. The record keeps the whole path, and `viewcast train` prints it. Errors: `define/option`; when training
 * `train/folds`.
 *
 * ```ts
 * p.model('delay', { dataset: ds, family: 'linear', label: 'minutes', penalty: penaltyPath({ l1Ratio: 0.9 }) })
 * ```
 */
export function penaltyPath(options: PenaltyPathOptions = {}): PenaltyPath {
  const { l1Ratio = 1, folds = 10, rule = '1se', lambdas = 100 } = options
  const bad = (option: string, detail: string, hint: string): never =>
    fail('define/option', { what: 'penaltyPath()', option, detail, hint })
  if (!(l1Ratio >= 0 && l1Ratio <= 1)) {
    bad('l1Ratio', 'is not between 0 and 1', 'Write 1 for the lasso, 0 for ridge.')
  }
  if (!Number.isSafeInteger(folds) || folds < 2 || folds > 100) {
    bad('folds', 'is not a whole number from 2 to 100', 'Write 10, or 5 where a fit takes long.')
  }
  if (rule !== 'min' && rule !== '1se') bad('rule', 'is not a rule', "Write 'min' or '1se'.")
  const isCount = typeof lambdas === 'number'
  const isGood = isCount
    ? Number.isSafeInteger(lambdas) && lambdas >= 1 && lambdas <= 1000
    : lambdas.length > 0 && lambdas.every((l) => l >= 0 && l < Number.POSITIVE_INFINITY)
  if (!isGood) {
    bad('lambdas', 'is neither a count up to 1000 nor a list of numbers from 0', 'Write 100, or [10, 1, 0.1].')
  }
  return Object.freeze({ l1Ratio, folds, rule, lambdas: isCount ? lambdas : Object.freeze([...lambdas]) })
}

/** A margin that nothing limits is as wide as one likes where the classes do not overlap. */
export function refuseNoPenalty(what: string, { l1, l2 }: Penalty): void {
  if (l1 > 0 || l2 > 0) return
  fail('define/option', {
    what,
    option: 'penalty',
    detail: 'is 0, which leaves the margin of an svm undetermined',
    hint: 'Leave it out, which means 1, or write 1/C.',
  })
}

/** What `penalty` of a model stands for. */
export function completePenalty(
  what: string,
  given: number | Partial<Penalty> | PenaltyPath,
): { readonly penalty: Penalty; readonly path?: PenaltyPath } {
  if (typeof given === 'object' && 'l1Ratio' in given) return { penalty: { l1: 0, l2: 0 }, path: given }
  const { l1 = 0, l2 = 0 } = typeof given === 'number' ? { l2: given } : given
  if ([l1, l2].every((v) => v >= 0 && v < Number.POSITIVE_INFINITY)) return { penalty: { l1, l2 } }
  return fail('define/option', {
    what,
    option: 'penalty',
    detail: 'is not a number from 0',
    hint: 'Write 0 for no penalty, or penaltyPath() to choose one.',
  })
}
