/** ModelVerification: rows with the answers of whoever made the document. */
import type { Family } from '../../ir/family.ts'
import type { ParityRow } from '../import/imported-model.ts'
import { child, childrenOf, type Element } from './element.ts'
import type { Fields } from './fields.ts'

/** The rows whose answer is a number of the kind the model gives; none where there is no such column. */
export function verificationRows(
  model: Element,
  fields: Fields,
  family: Family,
  positive: string | undefined,
  classes: readonly string[] | undefined,
): ParityRow[] {
  const verification = child(model, 'ModelVerification')
  if (verification === undefined) return []
  const declared = childrenOf(child(verification, 'VerificationFields') ?? verification, 'VerificationField')
  const tagOf = (field: string | undefined): string | undefined => {
    const e = declared.find((d) => d.attributes.field === field)
    return e === undefined ? undefined : (e.attributes.column ?? e.attributes.field ?? '').replace(/^.*:/, '')
  }
  const outputs = childrenOf(child(model, 'Output') ?? model, 'OutputField')
  const probability = (category: string | undefined): string | undefined =>
    outputs.find((o) => o.attributes.feature === 'probability' && o.attributes.value === category)?.attributes.name
  const predicted = outputs.find((o) => (o.attributes.feature ?? 'predictedValue') === 'predictedValue')?.attributes
    .name
  const answers =
    family === 'binomial'
      ? [tagOf(probability(positive))]
      : family === 'multinomial'
        ? (classes ?? []).map((c) => tagOf(probability(c)))
        : [tagOf(predicted) ?? tagOf(fields.target)]
  if (answers.some((a) => a === undefined)) return []
  const table = child(verification, 'InlineTable')
  return childrenOf(table ?? verification, 'row').map((row): ParityRow => {
    const cell = (tag: string | undefined): string | undefined => row.children.find((c) => c.name === tag)?.text.trim()
    const inputs = fields.features.map((feature) => {
      const text = cell(tagOf(feature))
      return [feature, text === undefined ? null : fields.isText(feature) ? text : Number(text)] as const
    })
    return { inputs: Object.fromEntries(inputs), prediction: answers.map((a) => Number(cell(a))) }
  })
}
