/** A store of given rows; for tests of what comes after reading. */
import type { Column } from '@viewcast/compiler'
import { numbersOfRows } from '../../database/number-batch.ts'
import type { CollectedInput } from './collect.ts'
import { createInputReader } from './input-reader.ts'
import { type Part, parts } from './parts.ts'
import { createRowStore, type RowStore } from './row-store.ts'

/** A row of inputs as a query gives them. */
export interface GivenRow {
  readonly values: readonly unknown[]
  readonly part?: Part
  readonly label?: number
  readonly weight?: number
}

/** The rows as `collectRows` would store them. */
export function storedRows(
  inputs: readonly Pick<Column, 'name' | 'type'>[],
  given: readonly GivenRow[],
): { readonly store: RowStore; readonly inputs: readonly CollectedInput[] } {
  const columns = inputs.map(({ name, type }): Column => ({ name, type, nullable: true }))
  const readers = columns.map(createInputReader)
  const isText = (c: Column): boolean => ['text', 'varchar'].includes(c.type)
  const wanted = columns.map((c, at) => ({ at, as: isText(c) ? ('level' as const) : ('number' as const) }))
  const batch = numbersOfRows(
    columns.map((c) => c.type),
    wanted,
  )(given.map((g) => g.values))
  const store = createRowStore(columns.length + 3)
  const width = store.width
  const chosen = {
    count: given.length,
    row: Int32Array.from(given, (_, r) => r),
    label: Float64Array.from(given, (g) => g.label ?? 0),
    weight: Float64Array.from(given, (g) => g.weight ?? 1),
    part: Uint8Array.from(given, (g) => parts[g.part ?? 'train']),
  }
  const values = new Float64Array(given.length * width)
  readers.forEach((reader, j) => {
    reader.take(batch, j, chosen, 0, given.length, { values, at: j, stride: width })
  })
  for (let r = 0; r < given.length; r++) {
    values.set([chosen.label[r] as number, chosen.weight[r] as number, chosen.part[r] as number], r * width + width - 3)
    store.append(values.subarray(r * width, (r + 1) * width))
  }
  return { store, inputs: readers.map((r) => ({ feature: r.feature, type: r.type, statistics: r.statistics() })) }
}
