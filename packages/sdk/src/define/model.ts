import { type DatasetDef, type EncoderSpec, fail, type ModelDef } from '@viewcast/compiler'
import { emptyRecord } from './callable.ts'
import type { Dataset, DatasetTypes } from './dataset.ts'
import { checkedName } from './name.ts'
import type { Problem } from './problem.ts'
import type { KindOf } from './sql-types.ts'

interface Solvers {
  logistic: 'irls' | 'ml-logistic-regression'
  linear: 'cholesky'
}

export interface ModelOptions<T extends DatasetTypes, Family extends keyof Solvers, Label> {
  readonly dataset: Dataset<T>
  /** `logistic` for a label that is true or false, `linear` for a number. */
  readonly family: Family
  /** Column of the dataset that is predicted. */
  readonly label: Label
  /** L2 penalty λ ≥ 0 on the coefficients of the encoded columns, not on the intercept: λ/2 · ‖β‖². 0 by default. */
  readonly penalty?: number
  /** `irls` (logistic) and `cholesky` (linear) by default. */
  readonly solver?: Solvers[Family]
  /** Probability from which the predicted label is true; logistic only. 0.5 by default. */
  readonly threshold?: number
  readonly description?: string
}

/** Columns a model may predict: the labels of the target, and what the sample returns beside keys and `as_of`. */
type Labels<T extends DatasetTypes> = T['labels'] & Omit<T['sample'], keyof T['keys'] | 'as_of'>

/** Columns a model may read: the features, and what the sample returns beside keys and `as_of`. */
type Inputs<T extends DatasetTypes> = T['features'] & Omit<T['sample'], keyof T['keys'] | 'as_of'>

type CheckedLabel<T extends DatasetTypes, Label extends string> = Label extends keyof Labels<T>
  ? KindOf<Labels<T>[Label]> extends 'category' | 'other'
    ? Problem<`"${Label}" is neither a number nor a truth value`>
    : unknown
  : Problem<`dataset "${T['name']}" has no label "${Label}"`>

type CheckedInputs<T extends DatasetTypes, Label, Given> = {
  readonly [C in keyof Given & string]: C extends Label
    ? Problem<`"${C}" is the label`>
    : C extends keyof Inputs<T>
      ? Given[C] extends EncoderSpec
        ? Fits<KindOf<Inputs<T>[C]>, Given[C]['kind'], C>
        : unknown
      : Problem<`dataset "${T['name']}" has no input "${C}"`>
}

interface Reads {
  numeric: 'numeric'
  onehot: 'category'
  boolean: 'boolean'
}
interface Hint {
  numeric: 'a number; use standardize(), log1p() or numeric()'
  category: 'text; use oneHot()'
  boolean: 'a truth value; use asBoolean()'
  other: 'neither number, text nor truth value; cast it in the view'
  unknown: never
}
type Fits<Kind extends keyof Hint, Encoder extends keyof Reads, C extends string> = Kind extends
  | 'unknown'
  | Reads[Encoder]
  ? unknown
  : Problem<`"${C}" is ${Hint[Kind]}`>

/** A model; complete as it is, its inputs may be given. */
export type OpenModel<T extends DatasetTypes, Label extends string> = ModelDef & {
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
  ) => ModelDef
}

export type DefineModel = <
  const Name extends string,
  T extends DatasetTypes,
  const Family extends keyof Solvers,
  const Label extends string,
>(
  name: Name,
  options: ModelOptions<T, Family, (keyof Labels<T> & string) | Label> & {
    readonly label: Label & CheckedLabel<T, Label>
  },
) => OpenModel<T, Label>

export function defineModel(
  name: string,
  options: {
    readonly dataset: DatasetDef
    readonly family: 'linear' | 'logistic'
    readonly label: string
    readonly penalty?: number
    readonly solver?: ModelDef['solver']
    readonly threshold?: number
    readonly description?: string
  },
): ModelDef {
  const { dataset, family, label, penalty = 0, threshold = 0.5 } = options
  const what = `model "${checkedName('model', name)}"`
  if (!(penalty >= 0 && penalty < Number.POSITIVE_INFINITY)) {
    fail('define/option', {
      what,
      option: 'penalty',
      detail: 'is not a number from 0',
      hint: 'Write 0 for no penalty.',
    })
  }
  if (!(threshold > 0 && threshold < 1)) {
    fail('define/option', {
      what,
      option: 'threshold',
      detail: 'is not between 0 and 1',
      hint: 'Write 0.5 for the likelier outcome.',
    })
  }
  const complete: ModelDef = {
    kind: 'model',
    name,
    dataset,
    family,
    label,
    inputs: {},
    penalty,
    solver: options.solver ?? (family === 'logistic' ? 'irls' : 'cholesky'),
    threshold,
    ...(options.description === undefined ? {} : { description: options.description }),
  }
  const give = (inputs: ModelDef['inputs']): ModelDef => Object.freeze({ ...complete, inputs: { ...inputs } })
  return Object.freeze({ ...complete, inputs: emptyRecord(give) as unknown as ModelDef['inputs'] })
}
