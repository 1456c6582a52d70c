/** What has to be done to a view so that it carries another prediction query, without taking anything from those who read it. */
import { digest, quoteIdentifier, quoteText } from '@viewcast/compiler'
import { declaration } from './challengers.ts'
import { changeClass, identityOf, strategyOf } from './change-class.ts'
import { arranged, columnChanges, exchanged, isArranged, tombstonesOf } from './column-changes.ts'
import type { Desired } from './desired.ts'
import type { DryRun } from './dry-run.ts'
import { keptComment } from './kept-comment.ts'
import { metadataChange, viewOptions } from './metadata-change.ts'
import { quoted } from './object-name.ts'
import type { ColumnChange, PlannedChange } from './plan-data.ts'
import type { Present } from './present.ts'
import { fromLive, type LiveDeployment } from './state.ts'

export interface Known {
  readonly present: Present | undefined
  readonly live: LiveDeployment | undefined
  /** ISO instant of the plan, from which tombstones count. */
  readonly now: string
  readonly isDeclared: boolean
  /** No tombstones, and columns in their order: by a swap if need be. */
  readonly isExact: boolean
  /** Of an object that was edited by hand: the unified diff. */
  readonly edited?: string | undefined
}

/**
 * The change of a view. PostgreSQL replaces a view in place when the old columns stay in their order and with their types:
 * so what goes stays as a column of NULLs, and what is new comes last. Another type needs a new object.
 */
export function viewChange(wanted: Desired, { columns, reads }: DryRun, known: Known): PlannedChange {
  const { present, live, now, edited } = known
  const { renamed } = wanted.def
  const before = { present: present?.columns ?? [], tombstones: tombstonesOf(live?.columns), renamed, now }
  const inPlace = columnChanges(columns, before)
  const isOtherwise = known.isExact && !isArranged(columns, inPlace)
  const isSwap =
    present !== undefined && (isOtherwise || present.kind !== 'view' || inPlace.some((c) => c.change === 'retyped'))
  const changes = isSwap ? exchanged(columns, inPlace) : inPlace
  const isSame = present !== undefined && !isSwap && live?.query === wanted.query && edited === undefined
  const stays = isSwap ? undefined : present
  const metadata = metadataOf(wanted, present, live)
  const asNew = metadataOf(wanted, undefined, undefined)
  const alone = [...metadata.options, ...metadata.comment, ...metadata.statements]
  const isOther = present !== undefined && present.kind !== 'view'
  const isSet = alone.length === 0
  const kind = changeClass({ isThere: present !== undefined, isOther, isSame, isSet, changes, now })
  const create = createView(wanted, stays ? arranged(wanted.query, columns, changes) : wanted.query, stays)
  const replaced = [...renames(wanted, changes), create, ...metadata.comment, ...metadata.statements]
  return {
    class: kind,
    strategy: strategyOf(kind, isSwap),
    name: wanted.def.name,
    object: wanted.object,
    as: 'view',
    isDeclared: known.isDeclared,
    ...fromLive(live),
    to: { model: wanted.record.name, version: wanted.record.version, deployment: null },
    columns: changes,
    metadata: kind === 'metadata' && metadata.words.length === 0 ? ['comment'] : metadata.words,
    granted: metadata.granted,
    reads,
    ...(edited === undefined ? {} : { edited }),
    statements: kind === 'none' ? [] : kind === 'metadata' ? alone : isSwap ? metadata.statements : replaced,
    creation: [createView(wanted, wanted.query, undefined), ...asNew.comment, ...asNew.statements],
    query: wanted.query,
    digest: digest({ as: 'view', query: wanted.query, columns: identityOf(changes, isSwap) }),
    blockers: [],
    warnings: wanted.warnings,
    parameters: [],
    spec: declaration(wanted.def, wanted.challengers),
  }
}

/** Replacing a view replaces all of its options, so that those somebody set are said again. */
function createView({ def, object }: Desired, query: string, present: Present | undefined): string {
  return `CREATE OR REPLACE VIEW ${quoted(object)} WITH (${viewOptions(def, present).text}) AS\n${query}`
}

const renames = ({ object }: Desired, changes: readonly ColumnChange[]): string[] =>
  changes.flatMap(({ change, name, was = '' }) =>
    change === 'renamed'
      ? [`ALTER VIEW ${quoted(object)} RENAME COLUMN ${quoteIdentifier(was)} TO ${quoteIdentifier(name)}`]
      : [],
  )

/** Comment, options, grants and owner, as far as they are otherwise; replacing the view sets its options, too. */
function metadataOf({ def, object, comment }: Desired, present: Present | undefined, live: LiveDeployment | undefined) {
  const view = quoted(object)
  const { words, statements, granted } = metadataChange({ def, present, live, keyword: 'VIEW', target: view })
  const isSecured = !present || viewOptions(def, present).isSame
  const kept = keptComment(comment, present?.comment)
  return {
    words: [
      ...(isSecured ? [] : [`reads with the privileges of its ${def.security === 'owner' ? 'owner' : 'reader'}`]),
      ...words,
    ],
    options: isSecured ? [] : [`ALTER VIEW ${view} SET (security_invoker = ${def.security === 'invoker'})`],
    comment: present?.comment === kept ? [] : [`COMMENT ON VIEW ${view} IS ${quoteText(kept)}`],
    statements,
    granted,
  }
}
