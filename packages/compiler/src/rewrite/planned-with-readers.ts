/** Marks stages that are read several times, where each reader wants only some of their rows. */
import { sqlFacts } from '../front/sql/facts.ts'
import { referenceKey } from '../front/sql/splice.ts'
import type { Opaque, Relation, Select, Stage } from '../ir/relation.ts'

/**
 * Stages with those read more than once marked to be planned with each reader.
 *
 * The planner computes such a stage once and whole. For a few given keys that is a scan of a table where each reader would
 * have been an index lookup; database views are taken apart by the planner in the same way.
 */
export function plannedWithReaders(stages: readonly Stage[], body: Select): Stage[] {
  const read = new Map<string, number>()
  for (const name of [...stages.flatMap((s) => readBy(s.relation)), ...readBy(body)]) {
    read.set(name, (read.get(name) ?? 0) + 1)
  }
  return stages.map((s) => (s.inline === undefined && (read.get(s.name) ?? 0) > 1 ? { ...s, inline: true } : s))
}

function readBy(relation: Relation): string[] {
  switch (relation.kind) {
    case 'table':
      return relation.schema === undefined ? [relation.name] : []
    case 'values':
      return []
    case 'opaque':
      return readByText(relation)
    case 'asof':
      return [relation.spine, ...readByText(relation.history)]
    case 'select':
      return [relation.from, ...relation.joins.map((j) => j.source)].flatMap((s) => readBy(s.relation))
  }
}

const readByText = (o: Opaque): string[] =>
  sqlFacts(o.text, { view: o.view, file: o.view }).references.flatMap((r) => {
    const key = referenceKey(r)
    const to = Object.hasOwn(o.targets, key) ? o.targets[key] : undefined
    return typeof to === 'string' ? to : to === undefined && r.schema === undefined ? r.name : []
  })
