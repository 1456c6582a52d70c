/** Queries that must agree: values as they are, and values over sources cut at an instant. Nothing is written. */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import { type SourceInstants, sourceInstants } from '../analyse/source-instants.ts'
import { dialectOf } from '../emit/dialect-of.ts'
import { printStatement } from '../emit/statement.ts'
import { expr, type Literal } from '../ir/expression.ts'
import type { Stage } from '../ir/relation.ts'
import { bindSpine, questionColumns } from '../rewrite/bind-spine.ts'
import { cutSources, sourcesOf } from '../rewrite/cut-sources.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { overSpine } from '../rewrite/over-spine.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import { onStages, stagesOf } from '../rewrite/whole-statement.ts'
import { textsOf } from './training-query.ts'

export interface LeakProbe {
  /** The values over everything the database holds. */
  readonly whole: string
  /** The same with each of these sources cut at an instant. */
  readonly cut: (sources: readonly SourceInstants[], at: string) => string
  /** The sources read, with the instants their rows are judged by. */
  readonly sources: readonly SourceInstants[]
  /** Static views read the question's own row, whose instants say nothing: sources the sample itself is made of. */
  readonly ownSources: ReadonlySet<string>
  /** The first columns of both identify a row; the rest are `values`. */
  readonly keys: number
  readonly values: readonly string[]
}

/**
 * Builds the probe for some questions at one instant.
 *
 * @param what `features`, or `labels` to find a target that looks past its horizon.
 *
 * ```sql
 * WITH _cut_flights AS (SELECT * FROM public.flights WHERE (landed_at IS NULL OR landed_at < timestamptz '…')), …
 * ```
 */
export function leakProbe(
  bound: BoundDataset,
  facts: Facts,
  rows: readonly Readonly<Record<string, Literal>>[],
  at: string,
  what: 'features' | 'labels' = 'features',
): LeakProbe {
  const withTarget = what === 'labels'
  const wanted = new Set(withTarget ? bound.targetOn.map(([, c]) => c) : bound.features.map((f) => f.name))
  const asked = questionColumns(bound, wanted).map((c) => c.name)
  const questions = rows.map((row) => Object.fromEntries(asked.map((name) => [name, row[name] ?? null])))
  const build = (change: (stages: Stage[], names: ReturnType<typeof stageNames>) => Stage[]) => {
    const names = stageNames(reservedNames(textsOf(bound, facts), facts.catalog))
    const spine = bindSpine(bound, { kind: 'keys', rows: questions, at }, wanted, facts.catalog, names)
    const purpose = 'prediction'
    const pit = pointInTime({ bound, facts, names, spine, wanted, withTarget, purpose, options: {} })
    const own = spine.columns.map((name) => ({ name, expr: expr.column(spine.name, name) }))
    const whole = overSpine(pit, [...spine.stages, ...pit.stages], [...own, ...pit.columns])
    const inlined = inlineViews(stagesOf(whole), facts.catalog, names)
    const statement = onStages(whole, () => change(inlined, names))
    const order = spine.columns.map((_, i) => i + 1).join(', ')
    return {
      sql: `${printStatement(statement, dialectOf({}))}\nORDER BY ${order}`,
      inlined,
      keys: spine.columns.length,
    }
  }
  const whole = build((stages) => stages)
  const declared = bound.dataset.sources ?? {}
  const keys = keyColumns(bound)
  return {
    whole: whole.sql,
    cut: (sources, instant) => build((stages, names) => cutSources(stages, instant, sources, facts.catalog, names)).sql,
    sources: sourcesOf(whole.inlined, facts.catalog).map((r) =>
      sourceInstants(r, declared[`${r.schema}.${r.name}`] ?? declared[r.name], keys),
    ),
    ownSources: sampleSources(bound, facts),
    keys: whole.keys,
    values: withTarget ? bound.labels.map((l) => l.name) : bound.features.map((f) => f.name),
  }
}

/** Relations of the database, as `schema.name`, that the sample is made of. */
function sampleSources(bound: BoundDataset, facts: Facts): ReadonlySet<string> {
  const names = stageNames(reservedNames(textsOf(bound, facts), facts.catalog))
  const { stages } = bindSpine(bound, { kind: 'sample' }, new Set(), facts.catalog, names)
  return new Set(
    sourcesOf(inlineViews(stages, facts.catalog, names), facts.catalog).map((r) => `${r.schema}.${r.name}`),
  )
}

/** What keys are called, in the sample and in the views: an entity may be a day. */
const keyColumns = (bound: BoundDataset): ReadonlySet<string> =>
  new Set([
    ...bound.dataset.sample.entity.keys.map((k) => k.name),
    ...bound.uses.flatMap(({ use, on }) => [
      ...on.flat(),
      ...(use.view.kind === 'aggregates' ? Object.values(use.view.spec.keys) : []),
    ]),
  ])
