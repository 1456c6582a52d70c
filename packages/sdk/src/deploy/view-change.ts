/** What has to be done to a view so that it carries another prediction query, without taking anything from those who read it. */
import { digest, quoteIdentifier, quoteText } from '@viewcast/compiler'
import type { Desired } from './desired.ts'
import type { DryRun } from './dry-run.ts'
import { quoted } from './object-name.ts'
import type { ColumnChange, PlannedChange } from './plan-data.ts'
import type { Present, PresentColumn } from './present.ts'
import type { LiveDeployment } from './state.ts'

export interface Known {
  readonly present: Present | undefined
  readonly live: LiveDeployment | undefined
  /** ISO instant of the plan, from which tombstones count. */
  readonly now: string
  readonly isDeclared: boolean
  /** No tombstones, and columns in their order: by a swap if need be. */
  readonly isExact: boolean
}

/**
 * The change of a view. PostgreSQL replaces a view in place when the old columns stay in their order and with their types:
 * so what goes stays as a column of NULLs, and what is new comes last. Another type needs a new object.
 */
export function viewChange(wanted: Desired, { columns, reads }: DryRun, known: Known): PlannedChange {
  const { present, live, now } = known
  const inPlace = columnChanges(columns, present?.columns ?? [], live, now)
  const isOtherwise = known.isExact && !isArranged(columns, inPlace)
  const isSwap =
    present !== undefined && (isOtherwise || present.kind !== 'view' || inPlace.some((c) => c.change === 'retyped'))
  const changes = isSwap ? exchanged(columns, inPlace) : inPlace
  const text = isSwap || !present ? wanted.query : arranged(wanted.query, columns, changes)
  const creation = statements(wanted, wanted.query)
  const isSame = live?.query === wanted.query && present !== undefined && !isSwap
  const isBreaking = changes.some(
    (c) => c.change === 'retyped' || (c.change === 'removed' && (isSwap || c.tombstone === now)),
  )
  const isAppend = changes.some((c) => c.change === 'appended')
  const kind = !present ? 'add' : isBreaking ? 'breaking' : isAppend ? 'append' : isSame ? 'none' : 'body'
  return {
    class: kind,
    strategy: kind === 'add' ? 'create' : kind === 'none' ? 'none' : isSwap ? 'swap' : 'in place',
    name: wanted.def.name,
    object: wanted.object,
    as: 'view',
    isDeclared: known.isDeclared,
    ...(live?.model && live.modelVersion
      ? { from: { model: live.model, version: live.modelVersion, deployment: live.version } }
      : {}),
    to: { model: wanted.record.name, version: wanted.record.version, deployment: null },
    columns: changes,
    metadata: [],
    granted: wanted.def.readers,
    reads,
    statements: kind === 'none' ? [] : statements(wanted, text),
    creation,
    query: wanted.query,
    digest: digest({
      as: 'view',
      query: wanted.query,
      columns: changes.flatMap((c) => (isSwap && c.change === 'removed' ? [] : [[c.name, c.tombstone ?? null]])),
    }),
    blockers: [],
    warnings: wanted.warnings,
    parameters: [],
    spec: specOf(wanted),
  }
}

/** The declaration as data: the model by its name. */
function specOf({ def }: Desired): Record<string, unknown> {
  return { ...def, model: def.model.name }
}

export function columnChanges(
  wanted: readonly PresentColumn[],
  present: readonly PresentColumn[],
  live: LiveDeployment | undefined,
  now: string,
): ColumnChange[] {
  const tombstones = new Map(live?.columns.map((c) => [c.name, c.tombstone]))
  const byName = new Map(wanted.map((c) => [c.name, c]))
  const old = present.map((c): ColumnChange => {
    const next = byName.get(c.name)
    if (!next) return { ...c, change: 'removed', tombstone: tombstones.get(c.name) ?? now }
    return next.type === c.type ? { ...c, change: 'kept' } : { ...next, was: c.type, change: 'retyped' }
  })
  const names = new Set(present.map((c) => c.name))
  return [...old, ...wanted.filter((c) => !names.has(c.name)).map((c): ColumnChange => ({ ...c, change: 'appended' }))]
}

/** Of a new object: the columns of the query as it has them, and those that are gone with the old one. */
export function exchanged(columns: readonly PresentColumn[], changes: readonly ColumnChange[]): ColumnChange[] {
  const gone = changes.filter((c) => c.change === 'removed').map(({ tombstone: _, ...c }) => c)
  return [...columns.flatMap((c) => changes.find((change) => change.name === c.name) ?? []), ...gone]
}

export const isArranged = (columns: readonly PresentColumn[], changes: readonly ColumnChange[]): boolean =>
  changes.length === columns.length && changes.every((c, i) => c.name === columns[i]?.name)

/** The query with its columns in the order of the changes; as it is when it has it. */
function arranged(query: string, columns: readonly PresentColumn[], changes: readonly ColumnChange[]): string {
  if (isArranged(columns, changes)) return query
  const list = changes.map((c) =>
    c.change === 'removed' ? `NULL::${c.type} AS ${quoteIdentifier(c.name)}` : `q.${quoteIdentifier(c.name)}`,
  )
  return `SELECT ${list.join(', ')} FROM (\n${query}\n) AS q`
}

function statements(wanted: Desired, query: string): string[] {
  const view = quoted(wanted.object)
  return [
    `CREATE OR REPLACE VIEW ${view} WITH (security_invoker = true) AS\n${query}`,
    `COMMENT ON VIEW ${view} IS ${quoteText(wanted.comment)}`,
    ...wanted.def.readers.map((role) => `GRANT SELECT ON ${view} TO ${quoteIdentifier(role)}`),
  ]
}
