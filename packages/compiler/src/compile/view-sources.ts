/** Which relations of the database the values of each feature view are made of, and by what their rows are dated. */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import { type SourceInstants, sourceInstants } from '../analyse/source-instants.ts'
import { bindSpine } from '../rewrite/bind-spine.ts'
import { sourcesOf } from '../rewrite/cut-sources.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { overSpine } from '../rewrite/over-spine.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import { stagesOf } from '../rewrite/whole-statement.ts'
import { textsOf } from './training-query.ts'

export interface ViewSource extends SourceInstants {
  /** The column that is declared to say when a row became known, or `always`; undefined where nothing is. */
  readonly declared: string | undefined
}

/** Feature view → the relations it reads at any depth. What the sample is made of is not among them. */
export function viewSources(bound: BoundDataset, facts: Facts): ReadonlyMap<string, readonly ViewSource[]> {
  const found = new Map<string, readonly ViewSource[]>()
  for (const use of bound.uses) {
    const own: BoundDataset = { ...bound, uses: [use], features: use.features }
    const wanted = new Set(use.features.map((f) => f.name))
    const names = stageNames(reservedNames(textsOf(bound, facts), facts.catalog))
    const spine = bindSpine(own, { kind: 'sample' }, wanted, facts.catalog, names)
    const question = { bound: own, facts, names, spine, wanted, withTarget: false, purpose: 'training' } as const
    const pit = pointInTime({ ...question, options: {} })
    const asked = new Set(spine.stages.map((s) => s.name))
    const stages = stagesOf(overSpine(pit, [...spine.stages, ...pit.stages], pit.columns))
    // Views are asked over the sample, which is no source of theirs.
    const inlined = inlineViews(
      stages.filter((s) => !asked.has(s.name)),
      facts.catalog,
      names,
    )
    const { name } = use.use.view
    const sources = sourcesOf(inlined, facts.catalog).map((r): ViewSource => {
      const told = bound.dataset.sources?.[`${r.schema}.${r.name}`] ?? bound.dataset.sources?.[r.name]
      const declared = told === 'always' ? told : told?.knownAt
      return { ...sourceInstants(r, told), declared }
    })
    const before = found.get(name) ?? []
    const added = sources.filter((s) => !before.some((b) => b.schema === s.schema && b.name === s.name))
    found.set(name, [...before, ...added])
  }
  return found
}
