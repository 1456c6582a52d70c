/**
 * COPY's binary format, decoded to the very values that the text protocol gives (manual, chapters COPY and 55.2).
 *
 * Types whose binary form cannot be turned into the server's text with certainty are not here: float4, whose shortest
 * decimal only the server knows, intervals, arrays, ranges, composites.
 */
import { dateText, timestampText } from './instant-text.ts'
import { numericText } from './numeric-text.ts'
import type { CopyDecoder } from './stream-copy.ts'

type Decode = (bytes: Buffer, at: number, length: number) => unknown

const utf8: Decode = (b, at, length) => b.toString('utf8', at, at + length)

const int8: Decode = (b, at) => {
  const high = b.readInt32BE(at)
  // Two words make a number exactly while they stay below 2^53.
  return high > -0x200000 && high < 0x200000
    ? String(high * 0x1_0000_0000 + b.readUInt32BE(at + 4))
    : String(b.readBigInt64BE(at))
}

const uuid: Decode = (b, at) => b.toString('hex', at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

const decoders: Readonly<Record<string, Decode>> = {
  bool: (b, at) => b[at] === 1,
  int2: (b, at) => b.readInt16BE(at),
  int4: (b, at) => b.readInt32BE(at),
  int8,
  float8: (b, at) => b.readDoubleBE(at),
  numeric: numericText,
  text: utf8,
  varchar: utf8,
  bpchar: utf8,
  name: utf8,
  uuid,
  date: (b, at) => dateText(b.readInt32BE(at)),
  timestamp: (b, at) => timestampText(b.readBigInt64BE(at), ''),
  timestamptz: (b, at) => timestampText(b.readBigInt64BE(at), '+00'),
  json: (b, at, length) => JSON.parse(b.toString('utf8', at, at + length)),
  // The first byte is a version.
  jsonb: (b, at, length) => JSON.parse(b.toString('utf8', at + 1, at + length)),
  bytea: (b, at, length) => Uint8Array.from(b.subarray(at, at + length)),
}

/** As JavaScript writes the decoded value, for types of which equal bytes mean equal texts; undefined for others. */
export function textDecoder(type: string): ((bytes: Buffer, at: number, length: number) => string) | undefined {
  if (type === 'enum') return (b, at, length) => b.toString('utf8', at, at + length)
  if (!Object.hasOwn(decoders, type) || ['json', 'jsonb', 'bytea', 'float8'].includes(type)) return undefined
  const decode = decoders[type] as Decode
  return (bytes, at, length) => String(decode(bytes, at, length))
}

/** Signature, flags, length of the header's extension. */
const headerLength = 19

/**
 * A decoder for one COPY, which gives batches of `batch` rows. Undefined when a column's type has no decoder.
 *
 * @param types internal type names of the columns; `enum` for any enum
 */
export function binaryRows(types: readonly string[], batch: number): CopyDecoder<unknown[][]> | undefined {
  const columns = types.map((type) =>
    type === 'enum' ? utf8 : Object.hasOwn(decoders, type) ? decoders[type] : undefined,
  )
  if (!columns.every((d) => d !== undefined)) return undefined
  let pending: Buffer = Buffer.alloc(0)
  let begun = false
  let ended = false
  let rows: unknown[][] = []
  return {
    *push(chunk) {
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      let at = 0
      if (!begun) {
        if (bytes.length < headerLength) {
          pending = bytes
          return
        }
        at = headerLength + bytes.readInt32BE(headerLength - 4)
        begun = true
      }
      while (!ended && at + 2 <= bytes.length) {
        const end = endOfRow(bytes, at)
        if (end === undefined) break
        if (end === at) ended = true
        else rows.push(readRow(bytes, at + 2, columns))
        at = end
        if (rows.length === batch) {
          yield rows
          rows = []
        }
      }
      pending = bytes.subarray(at)
    },
    rest: () => (rows.length === 0 ? undefined : rows),
  }
}

/** Undefined while the row is incomplete; its own start for the trailer, a count of -1. */
function endOfRow(bytes: Buffer, start: number): number | undefined {
  const count = bytes.readInt16BE(start)
  if (count < 0) return start
  let at = start + 2
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return undefined
    at += 4 + Math.max(0, bytes.readInt32BE(at))
  }
  return at <= bytes.length ? at : undefined
}

function readRow(bytes: Buffer, start: number, columns: readonly Decode[]): unknown[] {
  const row: unknown[] = new Array(columns.length)
  let at = start
  for (let i = 0; i < columns.length; i++) {
    const length = bytes.readInt32BE(at)
    at += 4
    row[i] = length < 0 ? null : columns[i]?.(bytes, at, length)
    if (length > 0) at += length
  }
  return row
}
