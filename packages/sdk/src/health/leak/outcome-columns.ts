/** Features made of what only the target should reach. */
import { type BoundDataset, type Facts, featureLineage, type LineageNode, viewLineage } from '@viewcast/compiler'
import { type LeakFinding, type LeakPart, viewOf } from './finding.ts'

/**
 * - A column the target declares with `only` may be reached by no feature, in any way.
 * - A column the label is made of may not make up a feature without an instant: of a static view, or of the sample itself.
 *   Views that are asked for an instant may read it: rows before `as_of` are no secret, and cutting the sources tells.
 */
export function outcomeColumns(bound: BoundDataset, facts: Facts): LeakPart {
  const { target, sample } = bound.dataset
  if (!target)
    return { check: { name: 'outcome', ok: true, ran: false, detail: 'the dataset has no target' }, findings: [] }
  const reserved = (target.only ?? []).map(normal)
  const outcome = new Set(bound.labels.flatMap((l) => direct(viewLineage(target, l.name, facts))))
  const features = [
    ...bound.uses.flatMap((u) => u.features.map((f) => ({ name: f.name, timed: u.use.view.kind !== 'static' }))),
    ...bound.extras.map((c) => ({ name: c.name, timed: false })),
  ]
  const findings = features.flatMap(({ name, timed }): LeakFinding[] => {
    const lineage = featureLineage(bound, name, facts)
    const held = everySource(lineage).filter((s) => reserved.some((r) => s === r || s.endsWith(`.${r}`)))
    const told = timed ? [] : direct(lineage).filter((s) => outcome.has(s))
    const sources = [...new Set([...held, ...told])]
    if (sources.length === 0) return []
    const why =
      held.length > 0
        ? `target "${target.name}" keeps to itself`
        : `the label of target "${target.name}" is made of, whatever the instant`
    return [
      {
        kind: 'outcome',
        view: viewOf(bound, name),
        column: name,
        sources,
        detail: `reads ${sources.join(', ')}, which ${why}`,
        hint:
          held.length > 0
            ? 'Make it of something else, or take the column off the list `only` of the target.'
            : 'Read it through a view that is asked for an instant (history, window, aggregates), or leave the feature out.',
      },
    ]
  })
  const seen = reserved.length > 0 ? `${reserved.join(', ')} and ` : ''
  const detail =
    findings.length > 0
      ? `${findings.map((f) => f.column).join(', ')} read what sample "${sample.name}" is asked to predict`
      : `${features.length} features: none reads ${seen}what the label is made of without an instant`
  return { check: { name: 'outcome', ok: findings.length === 0, ran: true, detail }, findings }
}

const normal = (name: string): string => name.replaceAll('"', '')

const everySource = (node: LineageNode): string[] => [
  ...(node.kind === 'source' && !node.name.startsWith('spine.') ? [node.name] : []),
  ...node.children.flatMap(everySource),
]

const direct = (node: LineageNode): string[] => [
  ...(node.kind === 'source' && node.direct === true && !node.name.startsWith('spine.') ? [node.name] : []),
  ...node.children.flatMap(direct),
]
