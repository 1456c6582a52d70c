/** The declaration of a model as a run was asked for, out of the params it left. */
import type { ModelDef, ModelRecord } from '@viewcast/compiler'

/** A param of a run that the declaration says otherwise now; undefined where one of both does not have it. */
export interface ParamDifference {
  readonly param: string
  readonly recorded: string | undefined
  readonly declared: string | undefined
}

type Params = Readonly<Record<string, string>>

/**
 * The model with what the params of a run say, inputs in the order of the record that came of it.
 *
 * What params do not say, such as outputs and descriptions, decides nothing about the fit.
 */
export function recordedModel(declared: ModelDef, params: Params, record: ModelRecord | undefined): ModelDef {
  const undecided = Object.fromEntries(Object.entries(declared).filter(([key]) => !decided.has(key)))
  const said = Object.entries(params).flatMap(([key, value]) =>
    texts.has(key) ? [[key, value]] : values.has(key) ? [[key, parsed(value)]] : [],
  )
  return {
    ...(undecided as Omit<ModelDef, 'inputs' | 'penalty'>),
    ...Object.fromEntries(said),
    penalty: { ...declared.penalty, l1: Number(params['penalty.l1'] ?? 0), l2: Number(params['penalty.l2'] ?? 0) },
    inputs: inputsOf(params, record),
  }
}

const texts = new Set(['family', 'link', 'label', 'solver', 'offset'])
const values = new Set(['threshold', 'path', 'calibrate', 'scorecard', 'thresholdRule', 'classWeights', 'interactions'])
const decided = new Set([...texts, ...values, 'inputs', 'penalty'])

/** Texts are kept as they are, everything else as JSON. */
function parsed(param: string): unknown {
  try {
    return JSON.parse(param)
  } catch {
    return param
  }
}

function inputsOf(params: Params, record: ModelRecord | undefined): ModelDef['inputs'] {
  const order = new Map((record?.inputs ?? []).map((input, i) => [input.feature, i]))
  const place = (feature: string): number => order.get(feature) ?? order.size
  const named = Object.keys(params).flatMap((key) => (key.startsWith('input.') ? [key.slice('input.'.length)] : []))
  // A model that named none was fitted on every feature there was.
  if (named.length === 0) {
    const all = (record?.inputs ?? []).filter((input) => input.feature !== params['offset'])
    return Object.fromEntries(all.map((input) => [input.feature, 'auto']))
  }
  const inputs = named
    .sort((a, b) => place(a) - place(b))
    .map((feature) => [feature, parsed(params[`input.${feature}`] ?? '')])
  return Object.fromEntries(inputs) as ModelDef['inputs']
}

/** What a declaration says otherwise than the params of a run. */
export function paramDifferences(recorded: Params, declared: Params): readonly ParamDifference[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(declared)])].sort()
  return names.flatMap((param) => {
    const [was, is] = [recorded[param], declared[param]]
    return was === is ? [] : [{ param, recorded: was, declared: is }]
  })
}
