import {
  type ClassWeights,
  type EncoderSpec,
  type Family,
  fail,
  type Link,
  labelKind,
  links,
  type ModelDef,
} from '@viewcast/compiler'
import type { LogUniform } from './axis.ts'
import { type ClassWeightsOption, checkedClassWeights } from './class-weights.ts'
import type { DatasetTypes } from './dataset.ts'
import type { Folds } from './folds.ts'
import type { CheckedInput, Inputs, LinkOf, TypedModel } from './model.ts'
import { checkedName } from './name.ts'
import type { Problem } from './problem.ts'

/** What a search may do with a feature: encode it so, or leave it `out`. */
export type InputChoice = EncoderSpec | 'auto' | 'out'

/** Values for one number: one of a list, or any between two. */
export type Axis = readonly number[] | LogUniform

/** Measures candidates can be chosen by, the usual one first. */
const metricsOf = {
  outcome: ['logLoss', 'auc', 'brier', 'accuracy'],
  margin: ['squaredHinge', 'auc', 'accuracy'],
  class: ['logLoss', 'auc', 'brier', 'accuracy'],
  gaussian: ['rmse', 'mae', 'r2', 'deviance'],
  number: ['deviance', 'rmse', 'mae'],
} as const

type Measured = keyof typeof metricsOf

export type SelectionMetric = (typeof metricsOf)[Measured][number]

function measuredAs(family: Family): Measured {
  if (family === 'svm') return 'margin'
  if (family === 'gaussian') return 'gaussian'
  return labelKind(family)
}

type MeasuredAs<F extends Family> = F extends 'binomial'
  ? 'outcome'
  : F extends 'svm'
    ? 'margin'
    : F extends 'multinomial'
      ? 'class'
      : F extends 'gaussian'
        ? 'gaussian'
        : 'number'

/** Of these, more is better; of the others, less. */
export const isMoreBetter = (metric: SelectionMetric): boolean =>
  metric === 'auc' || metric === 'accuracy' || metric === 'r2'

export type Search =
  | { readonly kind: 'grid' }
  /** So many different candidates drawn at random, the same ones for the same seed. */
  | { readonly kind: 'random'; readonly candidates: number; readonly seed: number }

/** Candidates that are clearly worse are not measured on further folds. */
export interface Pruning {
  /** Folds every candidate is measured on first. */
  readonly after: number
  /** A candidate is stopped when it is worse than the best one by more than so many standard errors of the difference. */
  readonly standardErrors: number
}

/** What to try for a model, on which folds, and how to choose. */
export interface SelectionDef {
  readonly kind: 'selection'
  readonly name: string
  readonly model: ModelDef
  readonly folds: Folds
  readonly over: {
    /** Null for what the model declares, a path included. */
    readonly penalty: { readonly l1: Axis; readonly l2: Axis } | null
    readonly link: readonly Link[]
    readonly classWeights: readonly (ClassWeights | null)[]
    /** Features with more than what the model declares for them. */
    readonly inputs: Readonly<Record<string, readonly InputChoice[]>>
  }
  readonly search: Search
  readonly metric: SelectionMetric
  readonly rule: 'best' | 'oneStandardError'
  readonly pruning: Pruning | null
  readonly description?: string
}

type CheckedChoices<T extends DatasetTypes, Label, Given> = {
  readonly [C in keyof Given & string]: Given[C] extends readonly (infer E)[]
    ? CheckedInput<T, Label, C, Exclude<E, 'out'>>
    : Problem<`"${C}" needs a list`>
}

export interface SelectionOptions<T extends DatasetTypes, F extends Family, Label extends string, Choices> {
  readonly model: TypedModel<T, F, Label>
  /** Five folds by hash of the entity key by default. */
  readonly folds?: Folds
  /** What is tried: every combination, or some at random. What is absent is as the model declares it. */
  readonly over?: {
    /** λ₂ or, with `l1` and `l2`, both penalties in every combination; on the scale the model's `penalty` has. */
    readonly penalty?: Axis | { readonly l1?: Axis; readonly l2?: Axis }
    readonly link?: readonly LinkOf<F>[]
    /** What rows count for by their label; `none` for what they are. */
    readonly classWeights?: readonly (ClassWeightsOption | 'none')[]
    /** Feature → ways to encode it, `'out'` for without it. */
    readonly inputs?: Choices & CheckedChoices<T, Label, Choices>
  }
  /** `grid` by default; see {@link random}. */
  readonly search?: 'grid' | Search
  /** `logLoss` for binomial and multinomial, `squaredHinge` for svm, `rmse` for gaussian, `deviance` for others by default. */
  readonly metric?: (typeof metricsOf)[MeasuredAs<F>][number]
  /**
   * `best` (the default) takes the candidate with the best mean; `oneStandardError` the simplest one whose mean is within
   * a standard error of it: fewest coefficients that are not 0, then the largest penalty, then the first declared.
   */
  readonly rule?: 'best' | 'oneStandardError'
  /**
   * Stops candidates that are clearly worse; `{ after: 3, standardErrors: 3 }` by default, false to measure every candidate
   * on every fold. Results of the others are the same either way.
   */
  readonly pruning?: false | Partial<Pruning>
  readonly description?: string
}

export type DefineSelection = <
  const Name extends string,
  T extends DatasetTypes,
  F extends Family,
  Label extends string,
  const Choices extends { readonly [C in keyof Inputs<T> & string]?: readonly InputChoice[] } & {
    readonly [other: string]: readonly InputChoice[]
  } = Record<never, never>,
>(
  name: Name,
  options: SelectionOptions<T, F, Label, Choices>,
) => SelectionDef

/**
 * So many candidates drawn at random, each value equally likely; the same ones for the same seed, and none twice.
 *
 * Errors: `define/option`.
 *
 * ```ts
 * search: random(40, { seed: 7 })
 * ```
 */
export function random(candidates: number, { seed = 1 }: { readonly seed?: number } = {}): Search {
  for (const [option, value] of Object.entries({ candidates, seed })) {
    if (Number.isSafeInteger(value) && value >= 1 && value <= 2 ** 32) continue
    fail('define/option', {
      what: 'random()',
      option,
      detail: 'is not a whole number from 1',
      hint: 'Write random(40, { seed: 7 }).',
    })
  }
  return { kind: 'random', candidates, seed }
}

interface PlainOptions
  extends Omit<SelectionOptions<DatasetTypes, Family, string, object>, 'model' | 'over' | 'metric'> {
  readonly model: ModelDef
  readonly metric?: SelectionMetric
  readonly over?: {
    readonly penalty?: Axis | { readonly l1?: Axis; readonly l2?: Axis }
    readonly link?: readonly Link[]
    readonly classWeights?: readonly (ClassWeightsOption | 'none')[]
    readonly inputs?: Readonly<Record<string, readonly InputChoice[]>>
  }
}

export function defineSelection(name: string, options: PlainOptions): SelectionDef {
  const { model, over = {} } = options
  const what = `selection "${checkedName('selection', name)}"`
  const bad = (option: string, detail: string, hint: string): never =>
    fail('define/option', { what, option, detail, hint })

  const known: readonly SelectionMetric[] = metricsOf[measuredAs(model.family)]
  const metric = options.metric ?? (known[0] as SelectionMetric)
  if (!known.includes(metric))
    bad('metric', `does not measure a ${model.family} model`, `Write one of: ${known.join(', ')}.`)

  const link = over.link ?? [model.link]
  const ofFamily: readonly Link[] = links[model.family]
  for (const l of link) {
    if (!ofFamily.includes(l)) {
      bad('over.link', `has "${l}", which is no link of ${model.family}`, `Write some of: ${ofFamily.join(', ')}.`)
    }
  }
  const { l1, l2 } = model.penalty
  const given = over.penalty
  const penalty =
    given === undefined
      ? null
      : isAxis(given)
        ? { l1: [l1], l2: given }
        : { l1: given.l1 ?? [l1], l2: given.l2 ?? [l2] }
  for (const axis of penalty === null ? [] : [penalty.l1, penalty.l2]) {
    const isRange = 'kind' in axis
    if (isRange && typeof options.search !== 'object') {
      bad('over.penalty', 'is a range, and a grid needs a list', 'Write logSpace(…), or search: random(40).')
    }
    if (!isRange && (axis.length === 0 || !axis.every((v) => v >= 0 && v < Number.POSITIVE_INFINITY))) {
      bad('over.penalty', 'is not a list of numbers from 0', 'Write logSpace(1e-4, 1e2, 7).')
    }
  }
  const inputs = { ...over.inputs }
  for (const [feature, choices] of Object.entries(inputs)) {
    if (choices.length === 0) bad(`over.inputs.${feature}`, 'is empty', "Write ['auto', 'out'].")
  }
  const weights = over.classWeights ?? [model.classWeights ?? 'none']
  return Object.freeze<SelectionDef>({
    kind: 'selection',
    name,
    model,
    folds: options.folds ?? { kind: 'hash', count: 5, repeats: 1 },
    over: {
      penalty,
      link: [...new Set(link)],
      classWeights: weights.map((w) =>
        w === 'none' ? null : isChecked(w) ? w : checkedClassWeights(what, model.family, model.link, w, false),
      ),
      inputs,
    },
    search: typeof options.search === 'object' ? options.search : { kind: 'grid' },
    metric,
    rule: options.rule ?? 'best',
    pruning: checkedPruning(what, options.pruning),
    ...(options.description === undefined ? {} : { description: options.description }),
  })
}

const isAxis = (given: Axis | { readonly l1?: Axis; readonly l2?: Axis }): given is Axis =>
  Array.isArray(given) || 'kind' in given

/** What a model holds already. */
const isChecked = (weights: ClassWeightsOption | ClassWeights): weights is ClassWeights =>
  typeof weights === 'object' && 'priorCorrection' in weights

function checkedPruning(what: string, given: false | Partial<Pruning> | undefined): Pruning | null {
  if (given === false) return null
  const { after = 3, standardErrors = 3 } = given ?? {}
  if (Number.isSafeInteger(after) && after >= 2 && standardErrors >= 0) return { after, standardErrors }
  return fail('define/option', {
    what,
    option: 'pruning',
    detail: 'is not { after: folds from 2, standardErrors: number from 0 }',
    hint: 'Write { after: 3, standardErrors: 3 }, or false.',
  })
}
