/** Aggregates × windows: the columns of an aggregates view. */
import { type Aggregate, type Measure, windowSeconds } from '../../ir/aggregate.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import type { Column } from '../../ir/type.ts'

export interface WindowFeature {
  /** `<aggregate>_<window>`. */
  readonly name: string
  readonly aggregate: Aggregate
  /** Seconds; `Infinity` for the window without a beginning. */
  readonly window: number
}

/** What a form is asked to write. */
export interface WindowRequest {
  readonly view: AggregatesView
  /** Columns of the events. */
  readonly source: readonly Column[]
  /** Columns wanted of the view. */
  readonly features: readonly WindowFeature[]
}

export const windowFeatures = (view: AggregatesView): WindowFeature[] =>
  Object.entries(view.spec.aggregates).flatMap(([name, aggregate]) =>
    Object.entries(view.spec.windows).map(([w, length]) => ({
      name: `${name}_${w}`,
      aggregate,
      window: windowSeconds(length) ?? 0,
    })),
  )

export const typeOf = (source: readonly Column[], m: Measure): string | undefined =>
  source.find((c) => c.name === m.column)?.type
