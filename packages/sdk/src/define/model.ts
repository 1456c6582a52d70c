import {
  type CalibrationMethod,
  type DatasetDef,
  type EncoderSpec,
  type Family,
  fail,
  type Link,
  links,
  type ModelDef,
  type OutputChoice,
  type Penalty,
  type PenaltyPath,
  type Solver,
  type ThresholdRule,
} from '@viewcast/compiler'
import { checkedCalibration } from './calibration.ts'
import { emptyRecord } from './callable.ts'
import { type ClassWeightsOption, checkedClassWeights } from './class-weights.ts'
import type { Dataset, DatasetTypes } from './dataset.ts'
import { type Documentation, documented } from './documentation.ts'
import { checkedName } from './name.ts'
import { checkedOutputs } from './outputs.ts'
import { completePenalty, refuseNoPenalty } from './penalty.ts'
import type { Problem } from './problem.ts'
import { checkedScorecard, type ScorecardOptions } from './scorecard.ts'
import type { KindOf } from './sql-types.ts'
import { checkThresholdRule } from './threshold-rule.ts'

/** Families as users name them: `logistic` is binomial with the link logit, `linear` is gaussian with the link identity. */
export type FamilyName = Family | 'logistic' | 'linear'

const shorthand = { logistic: 'binomial', linear: 'gaussian' } as const

export type Canonical<F extends FamilyName> = F extends keyof typeof shorthand ? (typeof shorthand)[F] : F
export type LinkOf<F extends FamilyName> = F extends 'logistic'
  ? 'logit'
  : F extends 'linear'
    ? 'identity'
    : (typeof links)[Canonical<F> & Family][number]

type Named<O extends OutputChoice> = Extract<OutputChoice, O>
type Reasons = Extract<OutputChoice, { reasons: number }>
type Confidence = Extract<OutputChoice, { confidence: number }>
type Interval = Extract<OutputChoice, { interval: number }>

/** What a model of the family can give. */
type OutputOf<F> = F extends 'multinomial'
  ? Named<'label' | 'probabilities' | 'linear' | 'contributions'>
  : F extends 'binomial'
    ? Named<'value' | 'probabilities' | 'label' | 'linear' | 'contributions'> | Reasons | Confidence
    : F extends 'svm'
      ? Named<'value' | 'label' | 'linear' | 'contributions'> | Reasons
      : Named<'value' | 'linear' | 'contributions'> | Reasons | Confidence | (F extends 'gaussian' ? Interval : never)

export interface ModelOptions<T extends DatasetTypes, F extends FamilyName, Label> extends Documentation {
  readonly dataset: Dataset<T>
  /**
   * What the label is: `logistic` or `binomial` for one that is true or false, `multinomial` for one of several classes,
   * `linear` or `gaussian`, `poisson`, `gamma`, `inverse-gaussian` for a number, `svm` for the side of a margin.
   */
  readonly family: F
  /** How the linear predictor becomes the mean of the label; the family's usual link by default. */
  readonly link?: LinkOf<F>
  /** Column of the dataset that is predicted. */
  readonly label: Label
  /**
   * A numeric column added to the linear predictor with the coefficient 1, such as the logarithm of an exposure; a row
   * without it has no prediction. Not for `multinomial` and `svm`.
   */
  readonly offset?: keyof Inputs<T> & string
  /**
   * λ ≥ 0 on the coefficients of the encoded columns, not on the intercept: λ₁ · ‖β‖₁ + λ₂/2 · ‖β‖². A number is λ₂; 0
   * by default, 1 for `svm`, whose λ₂ is 1/C. `penaltyPath()` chooses by cross-validation.
   */
  readonly penalty?: number | Partial<Penalty> | PenaltyPath
  /**
   * `irls`, and `cholesky` for `linear`, by default; with an L1 penalty or a path `coordinate-descent`, for `svm` `newton`.
   */
  readonly solver?: Solver
  /**
   * Inputs that matter together, two or three at a time: the products of their encoded columns are columns as well, after
   * those of the inputs, named `distance:state=CA`. A factor is cut to ±1e100 (of three to ±1e66). None by default.
   *
   * ```ts
   * interactions: [['distance', 'state']]
   * ```
   */
  readonly interactions?: readonly (readonly (keyof Inputs<T> & string)[])[]
  /**
   * Probability from which the predicted label is true; binomial only. 0.5 by default. A rule chooses it when the model is
   * trained: the least `cost`, or the best `accuracy`, `f1` or `youden` (sensitivity + specificity), on the validation
   * part or, without one, on cross-validated predictions.
   *
   * ```ts
   * threshold: { cost: { falsePositive: 1, falseNegative: 5 } }
   * ```
   */
  readonly threshold?: number | ThresholdRule
  /**
   * The columns of a prediction, in order; by default the mean, of several classes the label and a probability each. They can
   * be chosen anew for each query.
   *
   * ```ts
   * outputs: ['value', 'label', { reasons: 3 }, { confidence: 0.95 }]
   * ```
   * ```sql
   * SELECT s._mean AS probability, s._mean >= 0.5::float8 AS label, CASE … END AS reason_1, …
   * ```
   */
  readonly outputs?: readonly [OutputOf<Canonical<F>>, ...OutputOf<Canonical<F>>[]]
  /**
   * What a training row counts for by its label, times its case weight: `'balanced'` makes the classes count the same in
   * sum. Metrics and other parts are not weighted by it. It moves probabilities towards the classes that count for more;
   * `priorCorrection` takes that out again.
   *
   * ```ts
   * classWeights: { true: 5, false: 1 }
   * ```
   */
  readonly classWeights?: ClassWeightsOf<F>
  /**
   * With `classWeights`, subtract from the intercept ln of what `true` counts for over what `false` does (each class's
   * against 1 in a multinomial model), so that probabilities are those of the sample as it is. False by default.
   */
  readonly priorCorrection?: boolean
  /**
   * Learns a curve from scores to probabilities on rows the model is not fitted on: those of the validation part, or without
   * one those left out in turn of five fits. `'platt'` is a logistic curve, `'isotonic'` one that only has to rise, for some
   * thousands of rows and more. An `svm` has a `probability` with it.
   *
   * ```ts
   * calibrate: 'platt'
   * ```
   */
  /**
   * Writes the log-odds as points that add up: `base` points at `odds` to one, twice the odds every `doubles` points. `good` is the
   * value of the label that more points speak for, true by default; `rounded` makes the points of each attribute whole, which
   * needs inputs in bins or levels, true by default. Only with the link logit, and not with `calibrate`.
   *
   * ```ts
   * scorecard: { base: 600, odds: 50, doubles: 20, good: false }
   * ```
   */
  readonly scorecard?: F extends 'logistic' | 'binomial' ? ScorecardOptions : never
  readonly calibrate?: F extends 'logistic' | 'binomial' | 'svm' ? CalibrationMethod : never
}

type ClassWeightsOf<F extends FamilyName> =
  | 'balanced'
  | (F extends 'multinomial' ? Readonly<Record<string, number>> : { readonly true?: number; readonly false?: number })

/** Columns a model may predict: the labels of the target, and what the sample returns beside keys and `as_of`. */
type Labels<T extends DatasetTypes> = T['labels'] & Omit<T['sample'], keyof T['keys'] | 'as_of'>

/** Columns a model may read: the features, and what the sample returns beside keys and `as_of`. */
export type Inputs<T extends DatasetTypes> = T['features'] & Omit<T['sample'], keyof T['keys'] | 'as_of'>

type CheckedLabel<T extends DatasetTypes, F extends FamilyName, Label extends string> = Label extends keyof Labels<T>
  ? KindOf<Labels<T>[Label]> extends (F extends 'multinomial' ? 'other' : 'category' | 'other')
    ? Problem<`"${Label}" is neither a number nor a truth value`>
    : unknown
  : Problem<`dataset "${T['name']}" has no label "${Label}"`>

type CheckedInputs<T extends DatasetTypes, Label, Given> = {
  readonly [C in keyof Given & string]: CheckedInput<T, Label, C, Given[C]>
}

/** `unknown` when the encoders suit the column, of which the model's label is none. */
export type CheckedInput<T extends DatasetTypes, Label, C extends string, Encoder> = C extends Label
  ? Problem<`"${C}" is the label`>
  : C extends keyof Inputs<T>
    ? [Wrong<KindOf<Inputs<T>[C]>, Extract<Encoder, EncoderSpec>, C>] extends [never]
      ? unknown
      : Wrong<KindOf<Inputs<T>[C]>, Extract<Encoder, EncoderSpec>, C>
    : Problem<`dataset "${T['name']}" has no input "${C}"`>

/** The problems of those encoders that do not suit the column, where several are given. */
type Wrong<Kind extends keyof Hint, Encoder extends EncoderSpec, C extends string> = Encoder extends EncoderSpec
  ? unknown extends Fits<Kind, KindOfEncoder<Encoder>, C>
    ? never
    : Fits<Kind, KindOfEncoder<Encoder>, C>
  : never

type KindOfEncoder<E extends EncoderSpec> = E extends { readonly since: string } ? 'dated' : E['kind']

interface Reads {
  numeric: 'numeric'
  onehot: 'category' | 'boolean' | 'numeric'
  ordinal: 'category' | 'boolean' | 'numeric'
  target: 'category' | 'boolean' | 'numeric'
  frequency: 'category' | 'boolean' | 'numeric'
  hashed: 'category'
  boolean: 'boolean'
  /** A number that is made of a date or an instant. */
  dated: 'other'
}
interface Hint {
  numeric: 'a number; use standardize(), log1p() or numeric()'
  category: 'text; use oneHot()'
  boolean: 'a truth value; use asBoolean()'
  other: 'neither number, text nor truth value; cast it in the view, or read a date by days()'
  unknown: never
}
type Fits<Kind extends keyof Hint, Encoder extends keyof Reads, C extends string> = Kind extends
  | 'unknown'
  | Reads[Encoder]
  ? unknown
  : Problem<`"${C}" is ${Hint[Kind]}`>

declare const types: unique symbol

/** A model whose dataset, family and label are known to the type checker. */
export interface TypedModel<T extends DatasetTypes, F extends Family, Label extends string> extends ModelDef {
  readonly [types]?: { readonly dataset: T; readonly family: F; readonly label: Label }
}

/** A model; complete as it is, its inputs may be given. */
export type OpenModel<T extends DatasetTypes, F extends Family, Label extends string> = TypedModel<T, F, Label> & {
  /**
   * Says which features the model reads and how each is encoded; without it, all numeric, boolean and category features
   * are read and encoders are chosen by type (an empty `inputs` means the same). `'auto'` chooses for one feature.
   *
   * ```ts
   * .inputs({ delay_7d: standardize(), state: oneHot({ maxCategories: 20 }), n_7d: 'auto' })
   * ```
   */
  readonly inputs: <
    const Given extends { readonly [C in keyof Inputs<T> & string]?: EncoderSpec | 'auto' } & {
      readonly [other: string]: EncoderSpec | 'auto'
    },
  >(
    inputs: Given & CheckedInputs<T, Label, Given>,
  ) => TypedModel<T, F, Label>
}

export type DefineModel = <
  const Name extends string,
  T extends DatasetTypes,
  const F extends FamilyName,
  const Label extends string,
>(
  name: Name,
  options: ModelOptions<T, F, (keyof Labels<T> & string) | Label> & {
    readonly label: Label & CheckedLabel<T, F, Label>
  },
) => OpenModel<T, Canonical<F> & Family, Label>

export function defineModel(
  name: string,
  options: {
    readonly dataset: DatasetDef
    readonly family: FamilyName
    readonly link?: Link
    readonly label: string
    readonly penalty?: number | Partial<Penalty> | PenaltyPath
    readonly solver?: Solver
    readonly interactions?: readonly (readonly string[])[]
    readonly threshold?: number | ThresholdRule
    readonly outputs?: readonly OutputChoice[]
    readonly classWeights?: ClassWeightsOption
    readonly priorCorrection?: boolean
    readonly calibrate?: CalibrationMethod
    readonly offset?: string
    readonly scorecard?: ScorecardOptions
  } & Documentation,
): ModelDef {
  const { dataset, label } = options
  const threshold = typeof options.threshold === 'number' ? options.threshold : 0.5
  const family =
    options.family in shorthand ? shorthand[options.family as keyof typeof shorthand] : (options.family as Family)
  const what = `model "${checkedName('model', name)}"`
  const known: readonly Link[] | undefined = links[family]
  if (known === undefined) {
    fail('define/option', {
      what,
      option: 'family',
      detail: 'is not a family',
      hint: `Write one of: logistic, linear, ${Object.keys(links).join(', ')}.`,
    })
  }
  const link = options.link ?? (known[0] as Link)
  if (!known.includes(link)) {
    fail('define/option', {
      what,
      option: 'link',
      detail: `is not a link of ${family}`,
      hint: `Write one of: ${known.join(', ')}.`,
    })
  }
  const chosen = completePenalty(what, options.penalty ?? (family === 'svm' ? 1 : 0))
  if (family === 'svm' && chosen.path === undefined) refuseNoPenalty(what, chosen.penalty)
  if (!(threshold > 0 && threshold < 1)) {
    fail('define/option', {
      what,
      option: 'threshold',
      detail: 'is not between 0 and 1',
      hint: 'Write 0.5 for the likelier outcome.',
    })
  }
  const thresholdRule = typeof options.threshold === 'number' ? undefined : options.threshold
  if (thresholdRule !== undefined) checkThresholdRule(what, family, thresholdRule)
  const { classWeights, priorCorrection = false, offset } = options
  if (offset !== undefined) checkOffset(what, family, label, offset)
  const complete: ModelDef = {
    kind: 'model',
    name,
    dataset,
    family,
    link,
    label,
    ...(offset === undefined ? {} : { offset }),
    inputs: {},
    ...(options.interactions === undefined
      ? {}
      : { interactions: checkedInteractions(what, options.interactions, offset) }),
    ...chosen,
    solver: options.solver ?? usualSolver(family, link, chosen),
    threshold,
    ...(options.outputs === undefined ? {} : { outputs: checkedOutputs(what, options.outputs) }),
    ...(thresholdRule === undefined ? {} : { thresholdRule }),
    ...(classWeights === undefined
      ? {}
      : { classWeights: checkedClassWeights(what, family, link, classWeights, priorCorrection) }),
    ...(options.calibrate === undefined ? {} : { calibrate: checkedCalibration(what, family, options.calibrate) }),
    ...(options.scorecard === undefined
      ? {}
      : { scorecard: checkedScorecard(what, options.scorecard, { ...options, family, link }) }),
    ...documented(options),
  }
  const give = (inputs: ModelDef['inputs']): ModelDef => {
    if (offset !== undefined && offset in inputs) {
      fail('define/option', {
        what,
        option: 'offset',
        detail: 'is an input as well',
        hint: 'Take it out of the inputs.',
      })
    }
    return Object.freeze({ ...complete, inputs: { ...inputs } })
  }
  return Object.freeze({ ...complete, inputs: emptyRecord(give) as unknown as ModelDef['inputs'] })
}

function checkOffset(what: string, family: Family, label: string, offset: string): void {
  const bad = (detail: string, hint: string): never => fail('define/option', { what, option: 'offset', detail, hint })
  if (family === 'multinomial') bad('is for one linear predictor, and multinomial has several', 'Leave it out.')
  if (family === 'svm') bad('is for the mean of a label, and a margin has none', 'Leave it out.')
  if (offset === label) bad('is the label', 'Name another column.')
}

function checkedInteractions(
  what: string,
  given: readonly (readonly string[])[],
  offset: string | undefined,
): readonly (readonly string[])[] {
  const seen = new Set<string>()
  for (const features of given) {
    const isSeen = seen.size === seen.add([...features].sort().join('\0')).size
    const detail =
      features.length < 2 || features.length > 3
        ? 'multiplies fewer than two or more than three inputs'
        : new Set(features).size < features.length
          ? 'multiplies an input with itself'
          : isSeen
            ? 'names the same inputs twice'
            : offset !== undefined && features.includes(offset)
              ? 'multiplies the offset, which has no coefficient'
              : undefined
    if (detail === undefined) continue
    fail('define/option', {
      what,
      option: 'interactions',
      detail,
      hint: "Write interactions: [['distance', 'state']].",
    })
  }
  return given.map((features) => [...features])
}

/** What fits a model when nothing else is asked for. */
export function usualSolver(
  family: Family,
  link: Link,
  { penalty, path }: { readonly penalty: Penalty; readonly path?: PenaltyPath },
): Solver {
  if (penalty.l1 > 0 || path !== undefined) return 'coordinate-descent'
  if (family === 'svm') return 'newton'
  return family === 'gaussian' && link === 'identity' ? 'cholesky' : 'irls'
}
