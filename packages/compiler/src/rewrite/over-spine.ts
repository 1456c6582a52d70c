import type { Projection, Stage, Statement } from '../ir/relation.ts'
import type { PointInTime } from './point-in-time.ts'

/** The statement that returns one row per spine row: the spine LEFT JOIN everything bound to it. */
export const overSpine = (pit: PointInTime, stages: readonly Stage[], columns: readonly Projection[]): Statement => ({
  kind: 'with',
  stages,
  body: { kind: 'select', from: pit.from, joins: pit.joins, columns, distinct: false, fence: false },
})
