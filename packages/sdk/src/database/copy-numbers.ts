/** COPY's binary format decoded straight into doubles, without a JavaScript value in between. */
import { textDecoder } from './copy-binary.ts'
import { type LevelCodes, levelCodes } from './level-codes.ts'
import type { NumberBatch, NumberColumn } from './number-batch.ts'
import { numericNumber } from './numeric-number.ts'
import type { CopyDecoder } from './stream-copy.ts'

/** Signature, flags, length of the header's extension. */
const headerLength = 19
const rowsPerBatch = 1024

/** Bytes of a chunk that are copied to complete the row before it; a longer row costs a copy of the whole. */
const leadLength = 4096

/** How a field is read; numbers, because a switch over them is what the inner loop can afford. */
const kinds = { bool: 0, int2: 1, int4: 2, int8: 3, float4: 4, float8: 5, numeric: 6 } as const
const level = 7
const skipped = 8

/**
 * A decoder for one COPY. Undefined when the type of a wanted column cannot be read that way.
 *
 * @param types internal type names of all its columns; `enum` for any enum
 */
export function numberDecoder(
  types: readonly string[],
  wanted: readonly NumberColumn[],
): CopyDecoder<NumberBatch> | undefined {
  const fields = types.length
  const width = wanted.length
  const fieldKinds = new Uint8Array(fields).fill(skipped)
  const places = new Int32Array(fields)
  const codes: (LevelCodes | undefined)[] = wanted.map(() => undefined)
  for (const [place, { at, as }] of wanted.entries()) {
    const type = types[at] as string
    places[at] = place
    if (as === 'level') {
      const text = textDecoder(type)
      if (text === undefined) return undefined
      fieldKinds[at] = level
      codes[place] = levelCodes(text)
    } else {
      if (!Object.hasOwn(kinds, type)) return undefined
      fieldKinds[at] = kinds[type as keyof typeof kinds]
    }
  }
  const levels = codes.map((c) => c?.levels ?? [])
  const values = new Float64Array(rowsPerBatch * width)
  let rows = 0
  let pending: Buffer = Buffer.alloc(0)
  let begun = false
  let ended = false

  const batch = (): NumberBatch => {
    const full = { rows, values: values.subarray(0, rows * width), levels }
    rows = 0
    return full
  }

  /** Where the row ends; −1 while it is incomplete, −2 for the trailer. A row half read is simply read again. */
  function readRow(bytes: Buffer, view: DataView, start: number): number {
    const { length } = bytes
    if (start + 2 > length) return -1
    if (view.getInt16(start) < 0) return -2
    const to = rows * width
    let at = start + 2
    for (let field = 0; field < fields; field++) {
      if (at + 4 > length) return -1
      const size = view.getInt32(at)
      at += 4
      const j = places[field] as number
      const kind = fieldKinds[field] as number
      if (size < 0) {
        if (kind !== skipped) values[to + j] = Number.NaN
        continue
      }
      if (at + size > length) return -1
      switch (kind) {
        case kinds.float8:
          values[to + j] = view.getFloat64(at)
          break
        case kinds.bool:
          values[to + j] = bytes[at] as number
          break
        case kinds.int2:
          values[to + j] = view.getInt16(at)
          break
        case kinds.int4:
          values[to + j] = view.getInt32(at)
          break
        case kinds.int8:
          // The product is exact, so only the sum rounds: to the nearest double, as the text would.
          values[to + j] = view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4)
          break
        case kinds.float4:
          values[to + j] = view.getFloat32(at)
          break
        case kinds.numeric:
          values[to + j] = numericNumber(bytes, view, at)
          break
        case level:
          values[to + j] = (codes[j] as LevelCodes).codeOf(bytes, at, size)
      }
      at += size
    }
    return at
  }

  function* readAll(bytes: Buffer): Generator<NumberBatch, number> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    if (!begun) {
      if (bytes.length < headerLength) return 0
      at = headerLength + view.getInt32(headerLength - 4)
      begun = true
    }
    while (!ended) {
      const end = readRow(bytes, view, at)
      if (end < 0) {
        ended = end === -2
        break
      }
      at = end
      if (++rows === rowsPerBatch) yield batch()
    }
    return at
  }

  return {
    *push(chunk) {
      if (ended) return
      let bytes = chunk
      if (pending.length > 0) {
        const done = yield* readAll(Buffer.concat([pending, chunk.subarray(0, leadLength)]))
        const isPast = done >= pending.length
        bytes = isPast ? chunk.subarray(done - pending.length) : Buffer.concat([pending.subarray(done), chunk])
      }
      pending = bytes.subarray(yield* readAll(bytes))
    },
    rest: () => (rows === 0 ? undefined : batch()),
  }
}
