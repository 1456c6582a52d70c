/** Binds a model to its dataset: which columns it reads, how each is encoded, whether the label fits the family. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import type { ModelDef } from '../ir/definition.ts'
import type { EncoderSpec } from '../ir/encoder-spec.ts'
import { familyTitle, type LabelKind, labelKind } from '../ir/family.ts'
import type { LearnedEncoder } from '../ir/learned-encoder.ts'
import { type Column, featureKind, isInstant, isInteger, isNumber } from '../ir/type.ts'
import type { BoundDataset } from './bind.ts'

export interface BoundInput {
  readonly feature: string
  /** SQL type before the feature boundary. */
  readonly type: string
  readonly encoder: EncoderSpec | 'auto'
  /** View it comes from; undefined for a request column of the sample. */
  readonly view?: string
}

/** Inputs in declaration order; all features with automatic encoders when the model declares none. */
export function bindModel(
  model: ModelDef,
  bound: BoundDataset,
): { value: readonly BoundInput[]; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const available = new Map<string, { type: string; isEnum: boolean; view?: string }>()
  for (const c of bound.extras) available.set(c.name, { type: c.type, isEnum: c.isEnum ?? false })
  for (const u of bound.uses) {
    for (const f of u.features) available.set(f.name, { type: f.type, isEnum: f.isEnum, view: u.use.view.name })
  }
  checkLabel(model, bound, diagnostics)
  const declared = Object.entries(model.inputs)
  const chosen: [string, EncoderSpec | 'auto'][] =
    declared.length > 0
      ? declared
      : bound.features.filter((f) => featureKind(f.type, f.isEnum) !== undefined).map((f) => [f.name, 'auto'])
  const value: BoundInput[] = []
  const withOffset: [string, EncoderSpec | 'auto'][] =
    model.offset === undefined
      ? chosen
      : [...chosen.filter(([feature]) => feature !== model.offset), [model.offset, offsetEncoder]]
  for (const [feature, encoder] of withOffset) {
    if (feature === model.label) {
      diagnostics.push(diagnostic('model/label-as-input', { model: model.name, label: model.label }))
      continue
    }
    const found = available.get(feature)
    if (!found) {
      diagnostics.push(
        diagnostic('model/unknown-input', {
          model: model.name,
          input: feature,
          ...nearParameter(feature, available.keys()),
        }),
      )
      continue
    }
    checkEncoder(feature, encoder, found, diagnostics)
    value.push({ feature, type: found.type, encoder, ...(found.view === undefined ? {} : { view: found.view }) })
  }
  for (const input of new Set((model.interactions ?? []).flat())) {
    if (value.some((v) => v.feature === input) || !available.has(input)) continue
    const hint = 'An interaction multiplies inputs: name it in .inputs() as well.'
    diagnostics.push(diagnostic('model/unknown-input', { model: model.name, input, hint }))
  }
  return { value, diagnostics }
}

/** An offset is what it is, and without it there is no prediction. */
const offsetEncoder: EncoderSpec = {
  kind: 'numeric',
  impute: 0,
  missing: 'null',
  indicator: false,
  transform: 'identity',
  scaling: 'none',
}

function checkLabel(model: ModelDef, bound: BoundDataset, diagnostics: Diagnostic[]): void {
  const candidates: readonly Column[] = [...bound.labels, ...bound.extras]
  const label = candidates.find((c) => c.name === model.label)
  if (!label) {
    const names = candidates.map((c) => c.name)
    diagnostics.push(
      diagnostic('model/unknown-label', {
        model: model.name,
        label: model.label,
        ...nearParameter(model.label, names),
      }),
    )
    return
  }
  const kind = labelKind(model.family)
  const isCategory = featureKind(label.type, label.isEnum) === 'category'
  const fits = isNumber(label.type) || (kind !== 'number' && label.type === 'bool') || (kind === 'class' && isCategory)
  if (fits) return
  const family = familyTitle(model.family, model.link)
  const expected = expectedLabel[kind]
  diagnostics.push(diagnostic('model/label-type', { label: label.name, type: label.type, family, expected }))
}

const expectedLabel: Readonly<Record<LabelKind, string>> = {
  number: 'a number',
  outcome: 'boolean, or a number that is 0 or 1',
  class: 'text, an enum, boolean or a whole number',
}

const isDated = (encoder: { since?: string; origin?: number | undefined }): boolean =>
  encoder.since !== undefined || encoder.origin !== undefined

/** Whether an encoder, declared or learned, can read a column. Whole numbers and truth values serve as categories too. */
export function canRead(encoder: EncoderSpec | LearnedEncoder, column: { type: string; isEnum?: boolean }): boolean {
  const kind = featureKind(column.type, column.isEnum)
  switch (encoder.kind) {
    case 'numeric':
      return isDated(encoder) ? isInstant(column.type) : kind === 'numeric'
    case 'boolean':
      return kind === 'boolean'
    case 'hashed':
      return kind === 'category'
    case 'raw':
      return kind !== undefined
    default:
      return kind === 'category' || kind === 'boolean' || isInteger(column.type)
  }
}

function checkEncoder(
  input: string,
  encoder: EncoderSpec | 'auto',
  found: { type: string; isEnum: boolean; view?: string },
  diagnostics: Diagnostic[],
): void {
  const kind = featureKind(found.type, found.isEnum)
  const name = encoder === 'auto' ? 'a model' : `the ${encoder.kind} encoder`
  // A column of the sample is read as it is; what makes days of a date is the boundary of a view.
  const isRead = found.view !== undefined || !isInstant(found.type)
  if (encoder === 'auto' ? kind !== undefined : isRead && canRead(encoder, found)) return
  const hint =
    kind === 'category'
      ? 'Encode a category with oneHot().'
      : kind === undefined
        ? isInstant(found.type) && isRead
          ? `Read it as days since a day: days('2020-01-01'), or turn it into an age in the view.`
          : 'Turn it into a number, a truth value or a category in the view; for an instant, into an age.'
        : `Encode a ${kind} column with ${kind === 'numeric' ? 'standardize() or numeric()' : 'asBoolean()'}.`
  diagnostics.push(diagnostic('model/input-type', { input, type: found.type, encoder: name, hint }))
}
