/** What of a dataset's own texts and joins does not stay one distributed plan: told, never rewritten. */
import type { BoundDataset } from '../analyse/bind.ts'
import { distributedProblems, shapeProblems } from '../analyse/distributed.ts'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import type { Opaque, Relation, Statement } from '../ir/relation.ts'
import { stagesOf } from '../rewrite/whole-statement.ts'

/** Warnings `compile/distributed` for a statement and its printed `text`. */
export function distributionWarnings(
  bound: BoundDataset,
  wanted: ReadonlySet<string>,
  statement: Statement,
  text: string,
): Diagnostic[] {
  const stages = stagesOf(statement)
  const keys = keyNames(bound)
  const own = stages
    .flatMap((s) => writtenByUser(s.relation))
    .flatMap((o) => {
      const speaker = { view: o.view, file: o.origin.kind === 'file' ? o.origin.path : o.view }
      const facts = sqlFacts(o.text, speaker)
      return shapeProblems(facts.select, facts.text, speaker, { generated: false, keys })
    })
  const theirs = stages.filter((s) => s.relation.kind !== 'select' && writtenByUser(s.relation).length > 0)
  return [...apart(bound, wanted), ...own, ...distributedProblems(text, new Set(theirs.map((s) => s.name)))]
}

/** Names under which the sources of a dataset carry keys. */
function keyNames(bound: BoundDataset): ReadonlySet<string> {
  const views = bound.uses.map((u) => u.use.view)
  return new Set([
    ...bound.dataset.sample.entity.keys.map((k) => k.name),
    ...bound.uses.flatMap((u) => u.on.flat()),
    ...bound.targetOn.flat(),
    ...views.flatMap((v) => (v.kind === 'aggregates' ? Object.values(v.spec.keys) : [])),
  ])
}

/** Views of another entity than the one asked about live on other machines, unless their tables are on all. */
function apart(bound: BoundDataset, wanted: ReadonlySet<string>): Diagnostic[] {
  const { entity } = bound.dataset.sample
  const keys = new Set(entity.keys.map((k) => k.name))
  return (
    bound.uses
      // What the question brings is where the question is.
      .filter((u) => u.use.view.kind !== 'request' && u.features.some((f) => wanted.has(f.name)))
      .filter((u) => !u.on.some(([, column]) => keys.has(column)))
      .map((u) =>
        diagnostic('compile/distributed', {
          view: `view "${u.use.view.name}"`,
          problem: `is joined on ${u.on.map(([, c]) => c).join(', ')}, which is not a key of "${entity.name}"`,
          hint: 'Its tables have to be reference tables, which every machine holds.',
        }),
      )
  )
}

const writtenByUser = (relation: Relation): Opaque[] => {
  if (relation.kind === 'opaque') return relation.origin.kind === 'generated' ? [] : [relation]
  if (relation.kind === 'asof') return writtenByUser(relation.history)
  if (relation.kind !== 'select') return []
  return [relation.from, ...relation.joins.map((j) => j.source)].flatMap((s) => writtenByUser(s.relation))
}
