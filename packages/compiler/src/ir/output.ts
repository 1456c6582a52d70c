/** Which columns a prediction has, beside its keys. */
import { z } from 'zod'

const names = ['value', 'probabilities', 'label', 'linear', 'contributions', 'points'] as const

export const outputChoiceSchema = z.union([
  z.enum(names),
  z.strictObject({
    reasons: z.number().int().min(1).max(10),
    /** Default `raising`. */
    by: z.enum(['raising', 'lowering', 'size']).optional(),
  }),
  z.strictObject({ confidence: z.number().gt(0).lt(1) }),
  z.strictObject({ interval: z.number().gt(0).lt(1) }),
])

/**
 * One choice of output columns:
 *
 * - `'value'`: the mean of the label: `prediction`, `probability` of a binomial, `distance` of an svm;
 * - `'probabilities'`: `probability_<class>` for each class;
 * - `'label'`: the label itself as `label`, NULL where a score is NULL, the lowest class on ties;
 * - `'linear'`: `linear_predictor`, or one for each class;
 * - `'contributions'`: `baseline`, and `contribution_<feature>` for each input: together the linear predictor;
 * - `'points'`: `points` of a scorecard, and `points_<feature>` for each input;
 * - `{ reasons: 3 }`: `reason_1` to `reason_3`, the features that contribute most; `by` says what counts as much:
 *   `raising` (default), `lowering` or `size`;
 * - `{ confidence: 0.95 }`: `confidence_low`, `confidence_high`, an interval for the mean;
 * - `{ interval: 0.95 }`: `interval_low`, `interval_high`, an interval for a label not seen yet.
 */
export type OutputChoice = z.infer<typeof outputChoiceSchema>

/** How a choice is called in messages and on a command line: `reasons=3`. */
export function outputTitle(choice: OutputChoice): string {
  if (typeof choice === 'string') return choice
  if ('reasons' in choice) return `reasons=${choice.reasons}${choice.by === undefined ? '' : `:${choice.by}`}`
  return 'confidence' in choice ? `confidence=${choice.confidence}` : `interval=${choice.interval}`
}

/** The choice a title stands for; undefined where there is none such. Default 3 reasons, and intervals of 0.95. */
export function outputChoice(title: string): OutputChoice | undefined {
  const match = /^([a-z]+)(?:=([0-9.]+))?(?::([a-z]+))?$/.exec(title.trim())
  if (match === null) return undefined
  const [, name = '', number, by] = match
  const written: unknown =
    name === 'reasons'
      ? { reasons: Number(number ?? 3), ...(by === undefined ? {} : { by }) }
      : name === 'confidence' || name === 'interval'
        ? { [name]: Number(number ?? 0.95) }
        : number === undefined
          ? name
          : undefined
  if (by !== undefined && name !== 'reasons') return undefined
  const parsed = outputChoiceSchema.safeParse(written)
  return parsed.success ? parsed.data : undefined
}
