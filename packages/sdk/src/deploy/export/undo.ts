/** What takes a change back, to exactly what is there before it: for those who apply it with a tool of their own. */
import { type Callable, functionSignature, quoteIdentifier, quoteText } from '@viewcast/compiler'
import type { Store } from '../../store/store.ts'
import { carry } from '../carry.ts'
import { type ObjectName, quoted } from '../object-name.ts'
import type { PlannedChange } from '../plan-data.ts'
import { inspect, type Present } from '../present.ts'
import { liveDeployment } from '../state.ts'
import { moving, reference } from '../swap.ts'

/**
 * The statements that undo a change that was planned and is not applied yet, in order. Nothing is dropped that somebody else
 * depends on by then: PostgreSQL refuses that, and the whole is rolled back.
 */
export async function undoing(store: Store, change: PlannedChange): Promise<readonly string[]> {
  const { object } = change
  const present = await inspect(store.db, object)
  if (change.class === 'none') return []
  if (!present) return [`DROP ${change.as.toUpperCase()} ${nameOf(change)}`]
  if (change.exchange) return exchangedBack(store, change, present)
  const before = await recreated(store, change, present)
  if (before) return before
  const live = await liveDeployment(store, object)
  return [
    ...definitionBack(change, present),
    comment(present, object),
    ...ownerBack(change, present),
    ...grantsBack(change, present, live?.granted ?? []),
  ]
}

const nameOf = ({ as, object, spec }: PlannedChange): string =>
  as === 'function'
    ? functionSignature({ ...(spec['routine'] as { callable: Callable }).callable, name: object })
    : quoted(object)

async function exchangedBack({ db }: Store, change: PlannedChange, present: Present): Promise<string[]> {
  const { object, exchange } = change
  const kept = exchange?.keptAt
  if (!kept) return []
  const signature = present.signature && `${quoted(kept)}${present.signature.slice(quoted(object).length)}`
  const [schema] = await db.rows('SELECT FROM pg_namespace WHERE nspname = $1', [kept.schema])
  return [
    ...(exchange?.built ? [`DROP ${change.as.toUpperCase()} ${nameOf(change)}`] : []),
    moving({ ...present, signature }, kept, object.schema),
    // One that was there before stays.
    ...(schema === undefined ? [`DROP SCHEMA ${quoteIdentifier(kept.schema)}`] : []),
  ]
}

/** A view that got more columns does not lose them in place: it is made again, with all that it was given. */
async function recreated({ db }: Store, change: PlannedChange, present: Present): Promise<string[] | undefined> {
  const { object } = change
  if (change.as !== 'view' || !change.columns.some((c) => c.change === 'appended')) return undefined
  const name = quoted(object)
  const own = present.comment ?? ''
  const columns = present.columns.map((c) => c.name)
  const { statements } = await carry(db, present.oid, {
    kind: 'view',
    name,
    schema: object.schema,
    comment: own,
    columns,
  })
  return [`DROP VIEW ${name}`, view('CREATE VIEW', present, object), comment(present, object), ...statements]
}

function definitionBack({ as, class: kind, columns, object }: PlannedChange, present: Present): string[] {
  const name = quoted(object)
  if (as === 'table') {
    const added = columns.filter((c) => c.change === 'appended')
    return added.map((c) => `ALTER TABLE ${name} DROP COLUMN ${quoteIdentifier(c.name)}`)
  }
  if (kind === 'metadata' && as === 'function') return []
  if (as === 'function') return [present.definition.trimEnd()]
  const renamed = columns.filter((c) => c.change === 'renamed')
  return [
    ...renamed.map(
      (c) => `ALTER VIEW ${name} RENAME COLUMN ${quoteIdentifier(c.name)} TO ${quoteIdentifier(c.was ?? '')}`,
    ),
    view('CREATE OR REPLACE VIEW', present, object),
  ]
}

function view(create: string, { options, definition }: Present, object: ObjectName): string {
  const set = options.map((o) => {
    const [key = '', ...value] = o.split('=')
    return `${key} = ${quoteText(value.join('='))}`
  })
  const given = set.length === 0 ? '' : ` WITH (${set.join(', ')})`
  return `${create} ${quoted(object)}${given} AS\n${definition.trim().replace(/;$/, '')}`
}

const comment = (present: Present, object: ObjectName): string =>
  `COMMENT ON ${present.kind.toUpperCase()} ${reference(present, object)} IS ${present.comment === null ? 'NULL' : quoteText(present.comment)}`

function ownerBack({ object, spec }: PlannedChange, present: Present): string[] {
  const { owner } = spec
  if (typeof owner !== 'string' || owner === present.owner) return []
  const { owner: was } = present
  return [`ALTER ${present.kind.toUpperCase()} ${reference(present, object)} OWNER TO ${quoteIdentifier(was)}`]
}

function grantsBack({ as, object, granted }: PlannedChange, present: Present, was: readonly string[]): string[] {
  const [privilege, keyword] = as === 'function' ? ['EXECUTE', 'FUNCTION'] : ['SELECT', 'TABLE']
  const on = `${privilege} ON ${keyword} ${reference(present, object)}`
  const had = new Set(present.grants.filter((g) => g.privilege === privilege).map((g) => g.role))
  return [
    ...granted.filter((role) => !had.has(role)).map((role) => `REVOKE ${on} FROM ${quoteIdentifier(role)}`),
    ...was
      .filter((role) => had.has(role) && !granted.includes(role))
      .map((role) => `GRANT ${on} TO ${quoteIdentifier(role)}`),
  ]
}
