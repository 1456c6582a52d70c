/** What has to be done to a function so that it carries another prediction query, without taking anything from those who call it. */
import {
  type Callable,
  createFunction,
  digest,
  functionSignature,
  quoteIdentifier,
  quoteText,
} from '@viewcast/compiler'
import { declaration } from './challengers.ts'
import type { Desired } from './desired.ts'
import type { FunctionDryRun } from './dry-run-function.ts'
import { metadataChange } from './metadata-change.ts'
import type { ColumnChange, PlannedChange } from './plan-data.ts'
import type { Present, PresentColumn } from './present.ts'
import type { LiveDeployment } from './state.ts'
import type { Known } from './view-change.ts'

/**
 * The change of a function. PostgreSQL replaces one in place, with its grants and dependents, when its parameters keep their
 * names and types and its rows their columns: so a column that goes stays, as NULLs. Anything else needs a new function, and the
 * old one has to go aside first: beside it the new one would be an overload, and calls would be ambiguous.
 */
export function functionChange(wanted: Desired, made: FunctionDryRun, known: Known): PlannedChange {
  const { present, live, now } = known
  const before = present?.kind === 'function' ? present : undefined
  const changes = columnChanges(made.columns, before?.columns ?? [], live, now)
  const isCalledOtherwise = before !== undefined && !isSame(before.parameters, made.parameters)
  const isGrown = before !== undefined && changes.some((c) => c.change === 'appended')
  const isRetyped = changes.some((c) => c.change === 'retyped')
  const isOther = present !== undefined && before === undefined
  const isSwap = isCalledOtherwise || isGrown || isRetyped || isOther
  const isLosing = changes.some((c) => c.change === 'removed' && (isSwap || c.tombstone === now))
  const isBreaking = isCalledOtherwise || isRetyped || isOther || isLosing
  const isUnchanged = before !== undefined && live?.query === wanted.query && known.edited === undefined
  const metadata = metadataOf(wanted, before, live)
  const alone = [...metadata.comment, ...metadata.statements]
  const kind = !present
    ? 'add'
    : isBreaking
      ? 'breaking'
      : isGrown
        ? 'append'
        : !isUnchanged
          ? 'body'
          : alone.length === 0
            ? 'none'
            : 'metadata'
  const creation = statements(wanted)
  const inPlace = (): string[] => [arranged(wanted, made.columns, changes), ...alone]
  return {
    class: kind,
    strategy: !present ? 'create' : kind === 'none' ? 'none' : isSwap ? 'swap' : 'in place',
    name: wanted.def.name,
    object: wanted.object,
    as: 'function',
    isDeclared: known.isDeclared,
    ...(live?.model && live.modelVersion
      ? { from: { model: live.model, version: live.modelVersion, deployment: live.version } }
      : {}),
    to: { model: wanted.record.name, version: wanted.record.version, deployment: null },
    columns: isSwap ? changes.map(withoutTombstone) : changes,
    metadata: kind === 'metadata' && metadata.words.length === 0 ? ['comment'] : metadata.words,
    granted: metadata.granted,
    ...(known.edited === undefined ? {} : { edited: known.edited }),
    reads: made.reads,
    statements:
      kind === 'none'
        ? []
        : kind === 'metadata'
          ? alone
          : isSwap
            ? metadata.statements
            : present
              ? inPlace()
              : creation,
    creation,
    query: wanted.query,
    digest: digest({
      as: 'function',
      query: wanted.query,
      columns: changes.map((c) => [c.name, isSwap ? null : (c.tombstone ?? null)]),
    }),
    blockers: [],
    warnings: wanted.warnings,
    parameters: wanted.parameters,
    spec: { ...declaration(wanted.def, wanted.challengers), routine: wanted.routine },
  }
}

const isSame = (a: readonly PresentColumn[], b: readonly PresentColumn[]): boolean =>
  a.length === b.length && a.every((p, i) => p.name === b[i]?.name && p.type === b[i]?.type)

function columnChanges(
  wanted: readonly PresentColumn[],
  present: readonly PresentColumn[],
  live: LiveDeployment | undefined,
  now: string,
): ColumnChange[] {
  const tombstones = new Map(live?.columns.map((c) => [c.name, c.tombstone]))
  const byName = new Map(wanted.map((c) => [c.name, c]))
  const names = new Set(present.map((c) => c.name))
  return [
    ...present.map((c): ColumnChange => {
      const next = byName.get(c.name)
      if (!next) return { ...c, change: 'removed', tombstone: tombstones.get(c.name) ?? now }
      return next.type === c.type ? { ...c, change: 'kept' } : { ...next, was: c.type, change: 'retyped' }
    }),
    ...wanted.filter((c) => !names.has(c.name)).map((c): ColumnChange => ({ ...c, change: 'appended' })),
  ]
}

/** A new function has the columns of its query alone. */
function withoutTombstone({ tombstone: _, ...column }: ColumnChange): ColumnChange {
  return column
}

/** The statement with its columns in the order of the changes; as it is when it has it. */
function arranged(
  { query, routine }: Desired,
  made: readonly PresentColumn[],
  changes: readonly ColumnChange[],
): string {
  if (!routine || (changes.length === made.length && changes.every((c, i) => c.name === made[i]?.name))) return query
  const list = changes.map((c) =>
    c.change === 'removed' ? `NULL::${c.type} AS ${quoteIdentifier(c.name)}` : `q.${quoteIdentifier(c.name)}`,
  )
  const callable: Callable = {
    ...routine.callable,
    columns: changes.map((c) => ({ name: c.name, type: c.type, nullable: true, spelled: c.type })),
    query: `SELECT ${list.join(', ')} FROM (\n${routine.callable.query}\n) AS q`,
  }
  return `${routine.head}\n${createFunction(callable)}`
}

/**
 * Everybody may call a new function. It computes with the rights of who calls it, so that nothing is given away by that; but
 * where readers are declared, they are who it is for.
 */
function statements(wanted: Desired): string[] {
  const { def, routine, query } = wanted
  const name = routine ? functionSignature(routine.callable) : ''
  const { comment, statements: rest } = metadataOf(wanted, undefined, undefined)
  return [
    query,
    ...comment,
    ...(def.readers.length > 0 ? [`REVOKE EXECUTE ON FUNCTION ${name} FROM PUBLIC`] : []),
    ...rest,
  ]
}

/** Comment, grants and owner, as far as they are otherwise. */
function metadataOf(
  { def, routine, comment }: Desired,
  present: Present | undefined,
  live: LiveDeployment | undefined,
) {
  const target = routine ? functionSignature(routine.callable) : ''
  const rest = metadataChange({ def, present, live, keyword: 'FUNCTION', target })
  const isCommented = present?.comment === comment
  return {
    ...rest,
    comment: isCommented ? [] : [`COMMENT ON FUNCTION ${target} IS ${quoteText(comment)}`],
  }
}
