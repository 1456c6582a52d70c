/** ONNX models: linear operators and tree ensembles of ai.onnx.ml, and arithmetic that stays linear. */
import { diagnostic, throwIfErrors } from '../../diagnostics/diagnostic.ts'
import type { Literal } from '../../ir/expression.ts'
import type { Family, Link } from '../../ir/family.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Coefficient } from '../../ir/model-record.ts'
import { encodedColumns } from '../encoders/columns.ts'
import { type ImportedModel, type ImportOptions, refuse as refuseFile } from '../import/imported-model.ts'
import { type Atom, atomForm, atomOf, type Form } from './linear-form.ts'
import { operators, type Scope, type Value } from './operators.ts'
import { type Model, readModel } from './proto.ts'

/** Reads an ONNX model. Errors: `model/import`, with every node a record cannot say, at once. */
export function importOnnx(bytes: Uint8Array, options: ImportOptions): ImportedModel {
  const model = readModel(bytes)
  if (model === undefined) return refuseFile(options.file, 'it is no ONNX model')
  const problems = new Set<string>()
  const { features, values } = inputsOf(model, options)
  const scope: Scope = {
    values,
    constants: new Map(model.graph.initializers.map((t) => [t.name, { dims: t.dims, numbers: t.numbers }])),
    refuse: (node, detail) => problems.add(`node ${node.name || node.op}: ${detail}`),
  }
  for (const node of model.graph.nodes) {
    const operator = operators[node.op]
    if (operator === undefined) scope.refuse(node, `the operator ${node.op}`)
    const result = operator?.(node, scope) ?? { kind: 'other' as const }
    // Labels come first, numbers after them; what is made of labels is of no interest.
    const numeric = node.outputs.length > 1 ? 1 : 0
    for (const [i, name] of node.outputs.entries()) values.set(name, i === numeric ? result : { kind: 'other' })
  }
  throwIfErrors([...problems].map((detail) => diagnostic('model/import', { file: options.file, detail })))
  const found = model.graph.outputs.flatMap((o) => known(values.get(o.name)))
  const result = found.find((v) => v.kind === 'scores' || v.kind === 'trees') ?? found[0]
  if (result === undefined) return refuseFile(options.file, 'no output is a number')
  const source = ['ONNX of', model.producer, model.producerVersion].filter(Boolean).join(' ')
  const about = { source, features, notes: notesOf(result), tolerance: 2 ** -18 }
  return result.kind === 'trees'
    ? { ...about, ...ofTrees(result, features, options) }
    : { ...about, ...ofForms(result, features, options) }
}

const known = (v: Value | undefined): Exclude<Value, { kind: 'other' }>[] =>
  v === undefined || v.kind === 'other' ? [] : [v]

const notesOf = (v: Value): string[] =>
  v.kind === 'trees'
    ? ['ONNX leaves open in which order trees are added; here it is their own order, in single precision.']
    : ['ONNX computes linear operators in single precision; here they are computed in double precision.']

/** Each column of each input is a feature: named as the input, or by options where an input has several. */
function inputsOf(model: Model, options: ImportOptions): { features: readonly string[]; values: Map<string, Value> } {
  const initial = new Set(model.graph.initializers.map((t) => t.name))
  const inputs = model.graph.inputs.filter((i) => !initial.has(i.name))
  const names: string[] = []
  const values = new Map<string, Value>()
  for (const input of inputs) {
    const width = input.shape[1] || 1
    const from = names.length
    for (let i = 0; i < width; i++) names.push(width === 1 ? input.name : `f${from + i}`)
    const columns = Array.from({ length: width }, (_, i) => atomForm({ kind: 'number', feature: from + i }))
    values.set(input.name, { kind: 'columns', columns })
  }
  const given = options.features
  if (given === undefined) return { features: names, values }
  if (given.length === names.length) return { features: given, values }
  return refuseFile(options.file, `${given.length} names are given for ${names.length} features`)
}

const familyOf = (link: Link): Family =>
  link === 'softmax'
    ? 'multinomial'
    : link === 'logit' || link === 'probit'
      ? 'binomial'
      : link === 'log'
        ? 'poisson'
        : 'gaussian'

type Read = Pick<ImportedModel, 'family' | 'link' | 'classes' | 'inputs' | 'coefficients' | 'trees' | 'reference'>

function ofTrees(value: Extract<Value, { kind: 'trees' }>, features: readonly string[], options: ImportOptions): Read {
  const { ensemble: read, columns, link } = value
  const featureOf = (column: number): string => features[atomOf(columns[column] as Form)?.feature ?? 0] ?? ''
  const named = read.used.map(featureOf)
  const classes = options.classes ?? value.classes
  return {
    family: familyOf(link),
    link,
    ...(value.classes === undefined || classes === undefined ? {} : { classes }),
    inputs: [...new Set(named)].map((feature) => ({ feature, type: 'float8', encoder: { kind: 'raw' } })),
    coefficients: [],
    trees: { ...read.trees, inputs: named },
    reference: (row) =>
      read.reference(
        columns.map((_, i) => {
          const v = row[featureOf(i)]
          return v === null || v === undefined ? Number.NaN : Math.fround(Number(v))
        }),
      ),
  }
}

function ofForms(
  value: Exclude<Value, { kind: 'trees' | 'other' }>,
  features: readonly string[],
  options: ImportOptions,
): Read {
  const { columns } = value
  const link = value.kind === 'scores' ? value.link : 'identity'
  const isMultiple = link === 'softmax'
  const own = value.kind === 'scores' ? value.classes : undefined
  const classes = isMultiple ? (options.classes ?? own ?? columns.map((_, i) => String(i))) : undefined
  if (!isMultiple && columns.length > 1) return refuseFile(options.file, `${columns.length} numbers come out of it`)
  const inputs = inputsOfForms(columns, features, options)
  const names = encodedColumns(inputs)
  const unknown = { standardError: null, statistic: null, pValue: null }
  const coefficients = columns.flatMap((form, k): Coefficient[] => {
    const of = classes === undefined ? {} : { class: classes[k] ?? String(k) }
    return [
      { name: '(intercept)', feature: null, ...of, estimate: form.constant, ...unknown },
      ...names.map(({ name, feature }) => {
        const term = [...form.terms.values()].find((t) => nameOf(t.atom, features) === name)
        return { name, feature, ...of, estimate: term?.weight ?? 0, ...unknown }
      }),
    ]
  })
  return {
    family: familyOf(link),
    link,
    ...(classes === undefined ? {} : { classes }),
    inputs,
    coefficients,
    reference: (row) => columns.map((form) => formValue(form, features, row)),
  }
}

const nameOf = (atom: Atom, features: readonly string[]): string => {
  const feature = features[atom.feature] ?? ''
  return atom.kind === 'level' ? `${feature}=${atom.level}` : feature
}

/** An encoder per feature: as a number, or by its levels. */
function inputsOfForms(columns: readonly Form[], features: readonly string[], { file }: ImportOptions): LearnedInput[] {
  const byFeature = new Map<number, Map<string, Atom>>()
  for (const form of columns) {
    for (const [key, { atom }] of form.terms) {
      byFeature.set(atom.feature, (byFeature.get(atom.feature) ?? new Map()).set(key, atom))
    }
  }
  return [...byFeature]
    .sort(([a], [b]) => a - b)
    .map(([place, atoms]): LearnedInput => {
      const all = [...atoms.values()]
      const feature = features[place] ?? ''
      const [first] = all
      if (first?.kind === 'number' && all.length === 1) {
        const impute = first.impute ?? 0
        const missing = first.impute === undefined ? { missing: 'null' as const } : {}
        const plain = { transform: 'identity' as const, indicator: false, center: 0, scale: 1 }
        return { feature, type: 'float8', encoder: { kind: 'numeric', ...plain, impute, ...missing } }
      }
      const levels = all.flatMap((a) => (a.kind === 'level' ? [a.level] : []))
      if (levels.length !== all.length)
        refuseFile(file, `feature "${feature}" is used both as a number and by its levels`)
      return { feature, type: 'text', encoder: { kind: 'onehot', levels, base: null } }
    })
}

function formValue(form: Form, features: readonly string[], row: Readonly<Record<string, Literal>>): number | null {
  let sum: number | null = form.constant
  for (const { atom, weight } of form.terms.values()) {
    const given = row[features[atom.feature] ?? ''] ?? null
    if (atom.kind === 'level') {
      if (sum !== null && given !== null && String(given) === atom.level) sum += weight
    } else {
      const x = given === null || !Number.isFinite(Number(given)) ? (atom.impute ?? null) : Number(given)
      sum = sum === null || x === null ? null : sum + weight * x
    }
  }
  return sum
}
