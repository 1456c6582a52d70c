/** What has to be done to a function so that it carries another prediction query, without taking anything from those who call it. */
import { type Callable, createFunction, digest, functionSignature, quoteText } from '@viewcast/compiler'
import { declaration } from './challengers.ts'
import { changeClass, identityOf, strategyOf } from './change-class.ts'
import { arranged, columnChanges, exchanged, isArranged, tombstonesOf } from './column-changes.ts'
import type { Desired } from './desired.ts'
import type { FunctionDryRun } from './dry-run-function.ts'
import { keptComment } from './kept-comment.ts'
import { metadataChange } from './metadata-change.ts'
import type { ColumnChange, PlannedChange } from './plan-data.ts'
import type { Present, PresentColumn } from './present.ts'
import { fromLive, type LiveDeployment } from './state.ts'
import type { Known } from './view-change.ts'

/**
 * The change of a function. PostgreSQL replaces one in place, with its grants and dependents, when its parameters keep their
 * names and types and its rows their columns: so a column that goes stays, as NULLs. Anything else needs a new function, and the
 * old one has to go aside first: beside it the new one would be an overload, and calls would be ambiguous.
 */
export function functionChange(wanted: Desired, made: FunctionDryRun, known: Known): PlannedChange {
  const { present, live, now } = known
  const before = present?.kind === 'function' ? present : undefined
  const inPlace = columnChanges(made.columns, {
    present: before?.columns ?? [],
    tombstones: tombstonesOf(live?.columns),
    renamed: wanted.def.renamed,
    now,
  })
  const isCalledOtherwise = before !== undefined && !isSame(before.parameters, made.parameters)
  const isOther = present !== undefined && before === undefined
  const isOtherwise = known.isExact && before !== undefined && !isArranged(made.columns, inPlace)
  const isSwap =
    isCalledOtherwise || isOther || isOtherwise || (before !== undefined && !inPlace.every((c) => stays.has(c.change)))
  const changes = isSwap ? exchanged(made.columns, inPlace) : inPlace
  const isUnchanged = before !== undefined && !isSwap && live?.query === wanted.query && known.edited === undefined
  const metadata = metadataOf(wanted, present, live)
  const alone = [...metadata.comment, ...metadata.statements]
  const kind = changeClass({
    isThere: present !== undefined,
    isOther: isCalledOtherwise || isOther,
    isSame: isUnchanged,
    isSet: alone.length === 0,
    changes,
    now,
  })
  const creation = statements(wanted)
  const replaced = (): string[] => [rearranged(wanted, made.columns, changes), ...alone]
  return {
    class: kind,
    strategy: strategyOf(kind, isSwap),
    name: wanted.def.name,
    object: wanted.object,
    as: 'function',
    isDeclared: known.isDeclared,
    ...fromLive(live),
    to: { model: wanted.record.name, version: wanted.record.version, deployment: null },
    columns: changes,
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
              ? replaced()
              : creation,
    creation,
    query: wanted.query,
    digest: digest({ as: 'function', query: wanted.query, columns: identityOf(changes, isSwap) }),
    blockers: [],
    warnings: wanted.warnings,
    parameters: wanted.parameters,
    spec: { ...declaration(wanted.def, wanted.challengers), routine: wanted.routine },
  }
}

/** What a row of the same type can be made of: a column that comes, or is called otherwise, makes another type. */
const stays: ReadonlySet<ColumnChange['change']> = new Set(['kept', 'removed', 'revived'])

const isSame = (a: readonly PresentColumn[], b: readonly PresentColumn[]): boolean =>
  a.length === b.length && a.every((p, i) => p.name === b[i]?.name && p.type === b[i]?.type)

/** The statement with its columns in the order of the changes; as it is when it has it. */
function rearranged(
  { query, routine }: Desired,
  made: readonly PresentColumn[],
  changes: readonly ColumnChange[],
): string {
  if (!routine || isArranged(made, changes)) return query
  const callable: Callable = {
    ...routine.callable,
    columns: changes.map((c) => ({ name: c.name, type: c.type, nullable: true, spelled: c.type })),
    query: arranged(routine.callable.query, made, changes),
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
  // That of an object of another kind goes aside with it.
  const kept = keptComment(comment, present?.kind === 'function' ? present.comment : undefined)
  return {
    ...rest,
    comment: present?.comment === kept ? [] : [`COMMENT ON FUNCTION ${target} IS ${quoteText(kept)}`],
  }
}
