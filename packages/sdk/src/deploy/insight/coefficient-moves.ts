/** How far the coefficients moved from the version that is deployed to the one that is planned. */
import type { ModelRecord } from '@viewcast/compiler'
import { compareRecords } from '../../store/registry/compare-records.ts'
import type { CoefficientMoves } from '../plan-data.ts'

/** Rows for a person; the rest is counted, and `models compare` has it. */
const most = 5

/** Undefined where they are not of one kind: of the same version, of another model, of another label or family. */
export function coefficientMoves(before: ModelRecord | undefined, record: ModelRecord): CoefficientMoves | undefined {
  if (before?.name !== record.name || before.version === record.version) return undefined
  // Terms of the same name are weights of something else, on another scale.
  const isOther = before.label !== record.label || before.family !== record.family || before.link !== record.link
  const { coefficients } = compareRecords(before, record)
  // Trees have none.
  if (isOther || coefficients.length === 0) return undefined
  const moved = coefficients
    .map((c) => ({
      term: c.class === undefined ? c.name : `${c.name} of ${c.class}`,
      before: c.before?.estimate ?? null,
      after: c.after?.estimate ?? null,
    }))
    .filter((c) => !Object.is(c.before, c.after))
  const distance = (c: (typeof moved)[number]): number => Math.abs((c.after ?? 0) - (c.before ?? 0))
  const largest = moved.sort((a, b) => distance(b) - distance(a)).slice(0, most)
  return { changed: moved.length, of: coefficients.length, largest }
}
