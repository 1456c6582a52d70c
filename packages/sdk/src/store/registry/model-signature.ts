/** What a model is asked with and what it answers, by SQL type. */
import { bindDataset, type Facts, type ModelDef, type ModelRecord, outputs, questionColumns } from '@viewcast/compiler'

export interface ModelSignature {
  /** Whom it is asked about; absent where only the record is known. */
  readonly keys?: readonly SignatureColumn[]
  /** Whether a question has an instant. */
  readonly asOf?: boolean
  /** What a question brings beside its keys. */
  readonly request?: readonly SignatureColumn[]
  readonly inputs: readonly SignatureInput[]
  readonly outputs: readonly (SignatureColumn & { readonly description: string })[]
}

export interface SignatureColumn {
  readonly name: string
  readonly type: string
}

export interface SignatureInput extends SignatureColumn {
  /** Whether it can be NULL; absent where only the record is known. */
  readonly nullable?: boolean
  /** What a NULL does to a row: it has no score, or one that was learned for it. */
  readonly missing: 'no score' | 'scored'
  /** Kind of its encoder: `numeric`, `onehot`, … */
  readonly encoder: string
}

/**
 * The signature of a trained model: from the record alone, and with the declaration the keys, the request columns and
 * which inputs can be NULL. Pure; a few milliseconds.
 *
 * @param declared the model with its files read, and the facts of its dataset, as `prepareModel` gives them.
 *
 * @example
 * ```ts
 * modelSignature(record, await prepareModel(db, model))
 * // { keys: [{ name: 'origin', type: 'text' }], asOf: true, request: [], inputs: [{ name: 'delay_7d', type: 'float8', … }],
 * //   outputs: [{ name: 'probability', type: 'float8', … }] }
 * ```
 */
export function modelSignature(
  record: ModelRecord,
  declared?: { readonly model: ModelDef; readonly facts: Facts },
): ModelSignature {
  const bound = declared && bindDataset(declared.model.dataset, declared.facts).value
  const nullable = new Map([
    ...(bound?.extras ?? []).map((c) => [c.name, c.nullable] as const),
    // A row that a view does not have is NULL, whatever its columns are.
    ...(bound?.features ?? []).map((f) => [f.name, f.meta.fill === undefined] as const),
  ])
  const inputs = record.inputs.map(({ feature, type, encoder }): SignatureInput => {
    const known = nullable.get(feature)
    return {
      name: feature,
      type,
      ...(known === undefined ? {} : { nullable: known }),
      missing: hasNoScore(encoder) ? 'no score' : 'scored',
      encoder: encoder.kind,
    }
  })
  const answers = outputs(record).map(({ name, type, description }) => ({ name, type, description }))
  if (bound === undefined) return { inputs, outputs: answers }
  const keys = bound.dataset.sample.entity.keys.map(({ name, type }) => ({ name, type }))
  const isKey = new Set(keys.map((k) => k.name))
  const asked = questionColumns(bound, new Set(record.inputs.map((i) => i.feature)))
  const request = asked.filter((c) => !isKey.has(c.name)).map(({ name, type }) => ({ name, type }))
  return { keys, asOf: bound.hasAsOf, request, inputs, outputs: answers }
}

/** Encoders of levels have null for the number of a missing value, the others say so. */
const hasNoScore = (encoder: ModelRecord['inputs'][number]['encoder']): boolean =>
  'missing' in encoder && (encoder.missing === 'null' || encoder.missing === null)
