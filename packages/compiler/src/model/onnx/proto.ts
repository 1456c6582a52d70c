/**
 * The messages of ONNX that a model of this kind is made of, to and from bytes. Numbers are the field numbers of
 * onnx.proto (IR version 8); fields that are not named are skipped.
 */
import { PbfReader, PbfWriter } from 'pbf'

export interface Attribute {
  readonly name: string
  readonly f?: number
  readonly i?: number
  readonly s?: string
  readonly t?: Tensor
  readonly floats?: readonly number[]
  readonly ints?: readonly number[]
  readonly strings?: readonly string[]
}

export interface Tensor {
  readonly name: string
  readonly dims: readonly number[]
  readonly type: number
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
}

export interface Node {
  readonly op: string
  readonly name: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: readonly Attribute[]
}

export interface ValueInfo {
  readonly name: string
  /** Element type; 0 where it is no tensor. */
  readonly type: number
  /** Sizes; 0 where they are open. */
  readonly shape: readonly number[]
}

export interface Graph {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly initializers: readonly Tensor[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
}

export interface Model {
  readonly producer: string
  readonly producerVersion: string
  readonly graph: Graph
  /** Domain → version. */
  readonly opsets: Readonly<Record<string, number>>
}

/** Element types of tensors. */
export const elementTypes = { float: 1, int32: 6, int64: 7, string: 8, bool: 9, double: 11 } as const

const text = new TextDecoder()

/** Reads a model; undefined when the bytes are none. */
export function readModel(bytes: Uint8Array): Model | undefined {
  try {
    const model = { producer: '', producerVersion: '', opsets: {} as Record<string, number>, graph: emptyGraph() }
    new PbfReader(bytes).readFields((tag, m, r) => {
      if (tag === 2) m.producer = r.readString()
      else if (tag === 3) m.producerVersion = r.readString()
      else if (tag === 7) m.graph = r.readMessage(graphField, emptyGraph())
      else if (tag === 8) {
        const set = r.readMessage(
          (t, s, p) => {
            if (t === 1) s.domain = p.readString()
            else if (t === 2) s.version = p.readVarint(true)
          },
          { domain: '', version: 0 },
        )
        m.opsets[set.domain] = set.version
      }
    }, model)
    return model.graph.nodes.length === 0 ? undefined : model
  } catch {
    return undefined
  }
}

interface OpenGraph {
  name: string
  nodes: Node[]
  initializers: Tensor[]
  inputs: ValueInfo[]
  outputs: ValueInfo[]
}
const emptyGraph = (): OpenGraph => ({ name: '', nodes: [], initializers: [], inputs: [], outputs: [] })

function graphField(tag: number, g: OpenGraph, r: PbfReader): void {
  if (tag === 1) g.nodes.push(readNode(r))
  else if (tag === 2) g.name = r.readString()
  else if (tag === 5) g.initializers.push(readTensor(r))
  else if (tag === 11) g.inputs.push(readValueInfo(r))
  else if (tag === 12) g.outputs.push(readValueInfo(r))
}

const readNode = (r: PbfReader): Node =>
  r.readMessage(
    (tag, n, p) => {
      if (tag === 1) n.inputs.push(p.readString())
      else if (tag === 2) n.outputs.push(p.readString())
      else if (tag === 3) n.name = p.readString()
      else if (tag === 4) n.op = p.readString()
      else if (tag === 5) n.attributes.push(readAttribute(p))
      else if (tag === 7) n.domain = p.readString()
    },
    { op: '', name: '', domain: '', inputs: [] as string[], outputs: [] as string[], attributes: [] as Attribute[] },
  )

const readAttribute = (r: PbfReader): Attribute =>
  r.readMessage<{ -readonly [K in keyof Attribute]: Attribute[K] }>(
    (tag, a, p) => {
      if (tag === 1) a.name = p.readString()
      else if (tag === 2) a.f = p.readFloat()
      else if (tag === 3) a.i = p.readVarint(true)
      else if (tag === 4) a.s = text.decode(p.readBytes())
      else if (tag === 5) a.t = readTensor(p)
      else if (tag === 7) a.floats = [...(a.floats ?? []), ...p.readPackedFloat()]
      else if (tag === 8) a.ints = [...(a.ints ?? []), ...p.readPackedVarint([], true)]
      else if (tag === 9) a.strings = [...(a.strings ?? []), text.decode(p.readBytes())]
    },
    { name: '' },
  )

function readTensor(r: PbfReader): Tensor {
  const t = r.readMessage(
    (tag, m, p) => {
      if (tag === 1) p.readPackedVarint(m.dims, true)
      else if (tag === 2) m.type = p.readVarint()
      else if (tag === 4) p.readPackedFloat(m.numbers)
      else if (tag === 5 || tag === 7) p.readPackedVarint(m.numbers, true)
      else if (tag === 6) m.texts.push(text.decode(p.readBytes()))
      else if (tag === 8) m.name = p.readString()
      else if (tag === 9) m.raw = p.readBytes().slice()
      else if (tag === 10) p.readPackedDouble(m.numbers)
    },
    {
      name: '',
      dims: [] as number[],
      type: 0,
      numbers: [] as number[],
      texts: [] as string[],
      raw: undefined as Uint8Array | undefined,
    },
  )
  const { raw, ...tensor } = t
  return raw === undefined ? tensor : { ...tensor, numbers: rawNumbers(raw, t.type) }
}

/** Little-endian, whatever the machine. */
function rawNumbers(raw: Uint8Array, type: number): number[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const of = (size: number, read: (at: number) => number): number[] =>
    Array.from({ length: Math.floor(raw.byteLength / size) }, (_, i) => read(i * size))
  if (type === elementTypes.double) return of(8, (at) => view.getFloat64(at, true))
  if (type === elementTypes.int64) return of(8, (at) => Number(view.getBigInt64(at, true)))
  if (type === elementTypes.int32) return of(4, (at) => view.getInt32(at, true))
  if (type === elementTypes.bool) return of(1, (at) => view.getUint8(at))
  return of(4, (at) => view.getFloat32(at, true))
}

const readValueInfo = (r: PbfReader): ValueInfo =>
  r.readMessage(
    (tag, v, p) => {
      if (tag === 1) v.name = p.readString()
      else if (tag === 2) p.readMessage(typeField, v)
    },
    { name: '', type: 0, shape: [] as number[] },
  )

interface OpenType {
  type: number
  shape: number[]
}
function typeField(tag: number, v: OpenType, r: PbfReader): void {
  if (tag !== 1) return
  r.readMessage((t, own, p) => {
    if (t === 1) own.type = p.readVarint()
    else if (t === 2) {
      p.readMessage((d, shape, q) => {
        if (d !== 1) return
        const size = q.readMessage(
          (f, s, dim) => {
            if (f === 1) s.value = dim.readVarint(true)
          },
          { value: 0 },
        )
        shape.push(size.value)
      }, own.shape)
    }
  }, v)
}

/** Writes a model. */
export function writeModel(model: Model): Uint8Array {
  const w = new PbfWriter()
  // IR version 8 goes with opset 15 and every runtime of the last years.
  w.writeVarintField(1, 8)
  w.writeStringField(2, model.producer)
  w.writeStringField(3, model.producerVersion)
  w.writeMessage(7, writeGraph, model.graph)
  for (const [domain, version] of Object.entries(model.opsets)) {
    w.writeMessage(
      8,
      (set: readonly [string, number], p) => {
        p.writeStringField(1, set[0])
        p.writeVarintField(2, set[1])
      },
      [domain, version] as const,
    )
  }
  return w.finish()
}

function writeGraph(g: Graph, w: PbfWriter): void {
  for (const n of g.nodes) w.writeMessage(1, writeNode, n)
  w.writeStringField(2, g.name)
  for (const t of g.initializers) w.writeMessage(5, writeTensor, t)
  for (const v of g.inputs) w.writeMessage(11, writeValueInfo, v)
  for (const v of g.outputs) w.writeMessage(12, writeValueInfo, v)
}

function writeNode(n: Node, w: PbfWriter): void {
  for (const i of n.inputs) w.writeStringField(1, i)
  for (const o of n.outputs) w.writeStringField(2, o)
  w.writeStringField(3, n.name)
  w.writeStringField(4, n.op)
  for (const a of n.attributes) w.writeMessage(5, writeAttribute, a)
  if (n.domain !== '') w.writeStringField(7, n.domain)
}

/** Types of attributes, which a reader wants beside the value. */
function writeAttribute(a: Attribute, w: PbfWriter): void {
  const bytes = new TextEncoder()
  w.writeStringField(1, a.name)
  const type = (n: number): void => w.writeVarintField(20, n)
  if (a.f !== undefined) {
    w.writeFloatField(2, a.f)
    type(1)
  } else if (a.i !== undefined) {
    w.writeVarintField(3, a.i)
    type(2)
  } else if (a.s !== undefined) {
    w.writeBytesField(4, bytes.encode(a.s))
    type(3)
  } else if (a.floats !== undefined) {
    w.writePackedFloat(7, [...a.floats])
    type(6)
  } else if (a.ints !== undefined) {
    w.writePackedVarint(8, [...a.ints])
    type(7)
  } else if (a.strings !== undefined) {
    for (const s of a.strings) w.writeBytesField(9, bytes.encode(s))
    type(8)
  }
}

function writeTensor(t: Tensor, w: PbfWriter): void {
  w.writePackedVarint(1, [...t.dims])
  w.writeVarintField(2, t.type)
  if (t.type === elementTypes.string) for (const s of t.texts) w.writeBytesField(6, new TextEncoder().encode(s))
  else if (t.type === elementTypes.double) w.writePackedDouble(10, [...t.numbers])
  else if (t.type === elementTypes.int64) w.writePackedVarint(7, [...t.numbers])
  else if (t.type === elementTypes.bool) w.writePackedVarint(5, [...t.numbers])
  else w.writePackedFloat(4, [...t.numbers])
  w.writeStringField(8, t.name)
}

function writeValueInfo(v: ValueInfo, w: PbfWriter): void {
  w.writeStringField(1, v.name)
  w.writeMessage(
    2,
    (own: ValueInfo, p) =>
      p.writeMessage(
        1,
        (tensor: ValueInfo, q) => {
          q.writeVarintField(1, tensor.type)
          q.writeMessage(2, writeShape, tensor.shape)
        },
        own,
      ),
    v,
  )
}

function writeShape(shape: readonly number[], w: PbfWriter): void {
  for (const size of shape) {
    w.writeMessage(
      1,
      (s: number, p) => {
        if (s === 0) p.writeStringField(2, 'rows')
        else p.writeVarintField(1, s)
      },
      size,
    )
  }
}
