/** What has to be done to a table so that it carries another prediction query. */
import { digest, quoteIdentifier, quoteText } from '@viewcast/compiler'
import { declaration } from './challengers.ts'
import { changeClass, identityOf, strategyOf } from './change-class.ts'
import { columnChanges, exchanged, isArranged, tombstonesOf } from './column-changes.ts'
import type { Desired } from './desired.ts'
import type { DryRun } from './dry-run.ts'
import { keptComment } from './kept-comment.ts'
import { metadataChange } from './metadata-change.ts'
import { type ObjectName, quoted } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'
import type { Present, PresentColumn } from './present.ts'
import { fromLive, type LiveDeployment } from './state.ts'
import { type TableQuery, versionColumn } from './table-query.ts'
import { createTable, insertRows, primaryKey, type TableSpec } from './table-statements.ts'
import type { Known } from './view-change.ts'

/**
 * The change of a table. New columns are added and those that go stay empty, so rows, grants and dependents keep their place;
 * a key or a type of another kind needs a new table. The rows of a table that is there are left to the next refresh: to fill
 * it here would keep its readers waiting for as long as that takes.
 */
export function tableChange(
  wanted: Desired,
  { columns, reads }: DryRun,
  query: TableQuery,
  known: Known,
): PlannedChange {
  const { present, live, now } = known
  const { def, object, record } = wanted
  const filled = columns.map((c) => c.name)
  const { refresh, vanished } = def
  const spec: TableSpec = { ...query, refresh: refresh ?? 'full', vanished, version: record.version, filled }
  const all = [...columns, { name: versionColumn, type: 'integer' }]
  const before = { present: present?.columns ?? [], tombstones: tombstonesOf(live?.columns), renamed: def.renamed, now }
  const inPlace = columnChanges(all, before)
  const was = live && tableSpec(live)
  const isRetyped = inPlace.some((c) => c.change === 'retyped')
  const isKeyed = was !== undefined && primaryKey(was).join() !== primaryKey(spec).join()
  const isOther = present?.kind !== 'table' || (known.isExact && !isArranged(all, inPlace))
  const isSwap = present !== undefined && (isRetyped || isKeyed || isOther)
  const changes = isSwap ? exchanged(all, inPlace) : inPlace
  const ours = digest({ as: 'table', query: spec, columns: identityOf(changes, isSwap) })
  const metadata = about(wanted, present, live)
  const alone = [...metadata.comment, ...metadata.statements]
  const isSame = live?.digest === ours && known.edited === undefined
  const isSet = alone.length === 0
  const kind = changeClass({ isThere: present !== undefined, isOther: isSwap, isSame, isSet, changes, now })
  const asNew = about(wanted, undefined, undefined)
  const creation = [createTable(object, all, spec), ...asNew.comment, ...asNew.statements]
  return {
    class: kind,
    strategy: strategyOf(kind, isSwap),
    name: def.name,
    object,
    as: 'table',
    isDeclared: known.isDeclared,
    ...fromLive(live),
    to: { model: record.name, version: record.version, deployment: null },
    columns: changes,
    metadata: kind === 'metadata' && metadata.words.length === 0 ? ['comment'] : metadata.words,
    granted: metadata.granted,
    reads,
    ...(known.edited === undefined ? {} : { edited: known.edited }),
    statements:
      kind === 'add'
        ? [...creation, ...tableFill(object, spec, wanted.query)]
        : kind === 'none'
          ? []
          : isSwap
            ? metadata.statements
            : [...changes.filter((c) => c.change === 'appended').map((c) => added(object, c)), ...alone],
    creation,
    query: wanted.query,
    digest: ours,
    blockers: [],
    warnings: wanted.warnings,
    parameters: [],
    spec: { ...declaration(def, wanted.challengers), table: spec },
  }
}

/** How the rows of a deployed table are made; undefined for a deployment that is no table. */
export const tableSpec = (live: Pick<LiveDeployment, 'kind' | 'spec'>): TableSpec | undefined =>
  live.kind === 'table' ? (live.spec['table'] as TableSpec | undefined) : undefined

/**
 * What fills a table that was just made, before anybody reads it: nothing for partitions, which are of the instants that
 * refreshes name.
 *
 * @param query of the version: the flat query as it is kept.
 */
export const tableFill = (object: ObjectName, spec: TableSpec, query: string): string[] =>
  spec.refresh === 'partition' ? [] : [insertRows(object, spec, query)]

const added = (object: ObjectName, { name, type }: PresentColumn): string =>
  `ALTER TABLE ${quoted(object)} ADD COLUMN ${quoteIdentifier(name)} ${type}`

/** Comment, grants and owner, as far as they are otherwise. */
function about({ object, comment, def }: Desired, present: Present | undefined, live: LiveDeployment | undefined) {
  const table = quoted(object)
  const kept = keptComment(comment, present?.comment)
  return {
    ...metadataChange({ def, present, live, keyword: 'TABLE', target: table }),
    comment: present?.comment === kept ? [] : [`COMMENT ON TABLE ${table} IS ${quoteText(kept)}`],
  }
}
