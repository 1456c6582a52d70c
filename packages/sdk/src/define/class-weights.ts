import { type ClassWeights, type Family, fail, type Link, labelKind } from '@viewcast/compiler'

/** `balanced`, or label → factor: `true` and `false` for outcomes, the text of a class otherwise. */
export type ClassWeightsOption = 'balanced' | Readonly<Record<string, number>>

/** Errors: `define/option`. */
export function checkedClassWeights(
  what: string,
  family: Family,
  link: Link,
  weights: ClassWeightsOption,
  priorCorrection: boolean,
): ClassWeights {
  const bad = (option: string, detail: string, hint: string): never =>
    fail('define/option', { what, option, detail, hint })
  const kind = labelKind(family)
  if (kind === 'number') {
    bad(
      'classWeights',
      `weighs classes, and the label of a ${family} model is a number`,
      'Weigh rows: weight of the sample.',
    )
  }
  if (priorCorrection && link !== 'logit' && link !== 'softmax') {
    bad('priorCorrection', `is not known for the link ${link}`, 'Use the link logit, or calibrate the probabilities.')
  }
  if (weights === 'balanced') return { weights, priorCorrection }
  const labels = Object.keys(weights)
  const unknown = kind === 'outcome' ? labels.find((l) => l !== 'true' && l !== 'false') : undefined
  if (labels.length === 0 || unknown !== undefined) {
    bad('classWeights', 'does not weigh true and false', "Write { true: 5, false: 1 } or 'balanced'.")
  }
  if (!Object.values(weights).every((w) => w > 0 && w < Number.POSITIVE_INFINITY)) {
    bad('classWeights', 'is not made of numbers above 0', "Write { true: 5, false: 1 } or 'balanced'.")
  }
  return { weights: { ...weights }, priorCorrection }
}
