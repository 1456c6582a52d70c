/** A model record as an ONNX graph, for runtimes that score it elsewhere. */
import { diagnostic, InternalError, throwIfErrors } from '../../diagnostics/diagnostic.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import type { Projection } from '../../ir/relation.ts'
import type { SqlType } from '../../ir/type.ts'
import { boundaryType } from '../../rewrite/feature-boundary.ts'
import { scorePlan } from '../score-plan.ts'
import { preparedInputs } from '../trees/inputs.ts'
import { nodeWriter } from './expression-nodes.ts'
import { elementTypes, type ValueInfo, writeModel } from './proto.ts'

/** String Equal came with version 19. */
const opset = 19

/**
 * Writes a record as an ONNX model (opset 19, standard operators in double precision).
 *
 * One input per feature, `[rows, 1]`: double for numbers and truth values (1 and 0), string for texts; a missing number is
 * NaN, a missing text `__missing__`. One output per output column, likewise. Errors: `model/export` with everything ONNX has
 * no operator for, at once.
 *
 * @example
 * ```ts
 * await writeFile('delay.onnx', exportOnnx(record))
 * ```
 */
export function exportOnnx(record: ModelRecord): Uint8Array {
  const tensors = new Map<string, { readonly name: string; readonly type: SqlType }>()
  const inputs = record.inputs.map((input): ValueInfo => {
    const type = boundaryType(input)
    tensors.set(`f.${input.feature}`, {
      name: input.feature,
      type: type === 'float8' || type === 'bool' ? type : 'text',
    })
    return {
      name: input.feature,
      type: type === 'float8' || type === 'bool' ? elementTypes.double : elementTypes.string,
      shape: [0, 1],
    }
  })
  const writer = nodeWriter((of, name) => {
    const found = tensors.get(`${of}.${name}`)
    if (found === undefined) throw new InternalError(`The graph has no column "${name}"`)
    return found
  })
  const assign = (alias: string, columns: readonly Projection[]): void => {
    // What a column is computed of is written before it has a place: it cannot read itself.
    const made = columns.map((c) => ({ name: c.name, value: writer.value(c.expr) }))
    for (const { name, value } of made) {
      tensors.set(`${alias}.${name}`, { name: value.name, type: value.isText ? 'text' : 'float8' })
    }
  }
  if (record.trees !== undefined) assign('f', preparedInputs(record, 'f'))
  const plan = scorePlan(record, { joined: false })
  for (const { columns } of plan.stages) assign('s', columns)
  const taken = new Set(inputs.map((i) => i.name))
  const outputs = plan.outputs.map((o): ValueInfo => {
    const name = taken.has(o.name) ? `${o.name} (output)` : o.name
    const { isText } = writer.named(o.expr, name)
    return { name, type: isText ? elementTypes.string : elementTypes.double, shape: [0, 1] }
  })
  throwIfErrors(
    [...writer.problems].map((what) => diagnostic('model/export', { model: record.name, format: 'ONNX', what })),
  )
  return writeModel({
    producer: 'viewcast',
    producerVersion: `${record.name} version ${record.version}`,
    opsets: { '': opset },
    graph: { name: record.name, nodes: writer.nodes, initializers: writer.initializers, inputs, outputs },
  })
}
