/** What a target gives: its labels, how long they take, and until when they are known. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import { type SqlFacts, sqlFacts } from '../front/sql/facts.ts'
import { viewText } from '../front/sql/view-text.ts'
import { findRelation } from '../ir/catalog.ts'
import type { Censored, DatasetDef, KnownUntil, OutcomesSpec, TargetDef } from '../ir/definition.ts'
import { durationSeconds } from '../ir/duration.ts'
import { type Column, isNumber } from '../ir/type.ts'
import type { Facts } from './bind.ts'
import { checkFilter } from './check-filter.ts'

export interface Censoring {
  readonly mode: Exclude<Censored, 'keep'>
  readonly known: KnownUntil
}

export interface BoundHorizon {
  /** Seconds. */
  readonly horizon?: number
  /** Present when rows with an incomplete outcome are to be told. */
  readonly censoring?: Censoring
}

/** The label columns of a target, its keys and `as_of` left out. */
export function labelsOf(
  target: TargetDef,
  described: readonly Column[],
  keys: readonly string[],
  diagnostics: Diagnostic[],
): Column[] {
  const { outcomes } = target
  if (outcomes) return outcomeLabels(target, outcomes, described, diagnostics)
  return described.filter((c) => c.name !== 'as_of' && !keys.includes(c.name))
}

function outcomeLabels(
  target: TargetDef,
  spec: OutcomesSpec,
  events: readonly Column[],
  diagnostics: Diagnostic[],
): Column[] {
  const view = `the source of target "${target.name}"`
  const find = (name: string) => events.find((c) => c.name === name)
  const names = events.map((c) => c.name)
  const read = [
    spec.time,
    ...target.entity.keys.map((k) => spec.keys[k.name] ?? k.name),
    ...Object.values(spec.labels).flatMap((o) => [
      ...(o.column === undefined ? [] : [o.column]),
      ...(o.filters ?? []).map((f) => f.column),
    ]),
  ]
  for (const column of new Set(read)) {
    if (find(column)) continue
    diagnostics.push(diagnostic('view/unknown-column', { view, column, ...nearParameter(column, names) }))
  }
  const time = find(spec.time)
  if (time && time.type !== 'timestamptz') {
    diagnostics.push(diagnostic('time/type', { view, column: spec.time, type: time.type, expected: 'timestamptz' }))
  }
  for (const [name, o] of Object.entries(spec.labels)) {
    for (const filter of o.filters ?? []) {
      const column = find(filter.column)
      if (column) diagnostics.push(...checkFilter(filter, column, `target "${target.name}"`, name))
    }
  }
  return Object.entries(spec.labels).map(([name, o]) => {
    const column = o.column === undefined ? undefined : find(o.column)
    switch (o.function) {
      case 'exists':
      case 'notExists':
        return { name, type: 'bool', nullable: true }
      case 'count':
        return { name, type: 'int8', nullable: true }
      case 'first':
      case 'last':
        return {
          name,
          type: column?.type ?? 'text',
          nullable: true,
          ...(column?.isEnum ? { isEnum: true } : {}),
        }
      default:
        if (column && !isNumber(column.type)) {
          diagnostics.push(
            diagnostic('model/label-type', {
              label: name,
              type: column.type,
              family: `${o.function}()`,
              expected: 'a number',
            }),
          )
        }
        return { name, type: 'float8', nullable: true }
    }
  })
}

/**
 * Horizon and censoring of a dataset's target. Warnings: `time/known-until` when nothing says until when outcomes are
 * known, `time/horizon` when the split is told not to purge.
 */
export function bindHorizon(
  dataset: DatasetDef,
  facts: Facts,
  hasAsOf: boolean,
  diagnostics: Diagnostic[],
): BoundHorizon {
  const { target, sample } = dataset
  if (target?.horizon === undefined) return {}
  const horizon = durationSeconds(target.horizon)
  if (horizon === undefined) {
    diagnostics.push(diagnostic('time/window', { window: target.horizon }))
    return {}
  }
  if (!hasAsOf) {
    diagnostics.push(diagnostic('time/needs-as-of', { view: `target "${target.name}"`, sample: sample.name }))
    return { horizon }
  }
  checkPurge(dataset, target.horizon, horizon, diagnostics)
  const mode = target.censored ?? 'drop'
  if (mode === 'keep') return { horizon }
  const known = knownSource(target, facts, diagnostics)
  return known ? { horizon, censoring: { mode, known } } : { horizon }
}

function checkPurge(dataset: DatasetDef, text: string, horizon: number, diagnostics: Diagnostic[]): void {
  const { split } = dataset.sample
  if (split.kind !== 'time' || split.purge !== false) return
  const gap = split.gap === undefined ? 0 : (durationSeconds(split.gap) ?? 0)
  if (gap < horizon) diagnostics.push(diagnostic('time/horizon', { target: dataset.target?.name ?? '', horizon: text }))
}

function knownSource(target: TargetDef, facts: Facts, diagnostics: Diagnostic[]): KnownUntil | undefined {
  const declared = target.knownUntil
  if (declared) return declaredSource(target, declared, facts, diagnostics)
  if (target.outcomes) return { kind: 'column', column: target.outcomes.time }
  const read = relationsRead(target, facts)
  // A target that does not ask for the instants of the questions has a label per key, or none yet.
  if (!read.some(isSpine)) return undefined
  const keys = target.entity.keys.map((k) => k.name)
  const found = onlyTime(
    read.filter((r) => !isSpine(r)),
    keys,
    facts,
  )
  if (!found) diagnostics.push(diagnostic('time/known-until', { target: target.name }))
  return found
}

function declaredSource(
  target: TargetDef,
  declared: KnownUntil,
  facts: Facts,
  diagnostics: Diagnostic[],
): KnownUntil | undefined {
  const view = `knownUntil of target "${target.name}"`
  if (declared.kind !== 'column') return declared
  const { relation, column } = declared
  const found = relation ? findRelation(facts.catalog, relation.name, relation.schema) : undefined
  if (relation && !found) {
    const names = facts.catalog.relations.map((r) => r.name)
    diagnostics.push(
      diagnostic('view/unknown-relation', { view, relation: relation.name, ...nearParameter(relation.name, names) }),
    )
    return undefined
  }
  const columns = found ? found.columns : facts.columns(target)
  const type = columns.find((c) => c.name === column)?.type
  if (type === 'timestamptz') return declared
  const names = columns.map((c) => c.name)
  diagnostics.push(
    type === undefined
      ? diagnostic('view/unknown-column', { view, column, ...nearParameter(column, names) })
      : diagnostic('time/type', { view, column, type, expected: 'timestamptz' }),
  )
  return undefined
}

type Reference = SqlFacts['references'][number]

const isSpine = (r: Reference): boolean => r.name === 'spine' && r.schema === undefined

function relationsRead(target: TargetDef, facts: Facts): readonly Reference[] {
  const view = `target "${target.name}"`
  const { text } = viewText(target.query, facts.catalog, view)
  return sqlFacts(text, { view, file: view }).references
}

/** The one column that can tell: of the one relation that is read, its only instant that is no key. */
function onlyTime(read: readonly Reference[], keys: readonly string[], { catalog }: Facts): KnownUntil | undefined {
  const relations = new Set(read.map((r) => findRelation(catalog, r.name, r.schema)))
  const [relation] = relations
  const times = relation?.columns.filter((c) => c.type === 'timestamptz' && !keys.includes(c.name)) ?? []
  const [time] = times
  if (!relation || !time || relations.size > 1 || times.length > 1) return undefined
  return { kind: 'column', relation: { schema: relation.schema, name: relation.name }, column: time.name }
}
