/** A prediction query deployed as a view: one transaction, checked before it is committed, nothing ever dropped. */
import {
  diagnostic,
  fail,
  type ModelDef,
  type ModelRecord,
  nearParameter,
  objectComment,
  quoteName,
  quoteText,
  type RelationName,
  ViewcastError,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { predictionQuery } from '../predict/queries.ts'
import { checkVerificationRows } from '../predict/verify.ts'
import { keptComment } from './kept-comment.ts'

export interface ApplyOptions {
  /** Name of the view; default the model's name. */
  readonly name?: string
  /** Schema; default the first of the search path. */
  readonly schema?: string
  /** ISO instant the view predicts at; default the start of each transaction that reads it. */
  readonly at?: string
  readonly directory?: string
  /** How long to wait for locks before giving up, in milliseconds; default 5,000. */
  readonly lockTimeout?: number
  /** Called in the same transaction once the view is there; what it throws rolls everything back. */
  readonly onApplied?: (tx: Database, applied: Applied) => Promise<void>
}

export interface Applied {
  /** As SQL writes it. */
  readonly view: string
  /** `schema.name`, unquoted. */
  readonly relation: string
  /** The statement that was run. */
  readonly sql: string
  readonly replaced: boolean
  readonly verification: string
}

/** Starts the comment of every view of ours; how a later deployment knows what it may replace. */
const mark = 'viewcast:'

/**
 * Deploys a trained model as a view.
 *
 * In one transaction, under an advisory lock and a lock timeout: the record's verification rows are scored on this engine,
 * the view is created or replaced in place (grants and dependents stay), and marked as ours. An object that viewcast did not
 * make is never touched, and a change that PostgreSQL cannot make in place is refused, never forced.
 *
 * Errors: those of {@link predictionQuery}; `deploy/conflict`, `deploy/breaking`, `deploy/verification`.
 *
 * @example
 * ```ts
 * await applyView(db, model, record, { name: 'delay15_now' })
 * ```
 * ```sql
 * CREATE OR REPLACE VIEW delay15_now WITH (security_invoker = true) AS WITH … SELECT …
 * ```
 */
export async function applyView(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  options: ApplyOptions = {},
): Promise<Applied> {
  const at = options.at === undefined ? {} : { at: options.at }
  const directory = options.directory === undefined ? {} : { directory: options.directory }
  const query = await predictionQuery(db, model, record, { ...at, ...directory })
  return db.transaction(async (tx) => {
    await tx.execute(`SET LOCAL lock_timeout = ${Math.round(options.lockTimeout ?? 5000)}`)
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('viewcast deploy', 0))`)
    const target = await targetName(tx, options.name ?? model.name, options.schema)
    const view = quoteName(target)
    const existing = await describeExisting(tx, target)
    if (existing && !(existing.isView && existing.comment?.startsWith(mark))) fail('deploy/conflict', { object: view })
    if (existing) refuseBreaking(view, existing.columns, query.columns)
    const verification = await checkVerificationRows(tx, record)
    if (!verification.ok) fail('deploy/verification', { rows: verification.detail })
    const sql = `CREATE OR REPLACE VIEW ${view} WITH (security_invoker = true) AS\n${query.sql}`
    await tx.execute(sql)
    await tx.execute(`COMMENT ON VIEW ${view} IS ${quoteText(keptComment(objectComment(record), existing?.comment))}`)
    const applied: Applied = {
      view,
      relation: `${target.schema}.${target.name}`,
      sql,
      replaced: existing !== undefined,
      verification: verification.detail,
    }
    await options.onApplied?.(tx, applied)
    return applied
  })
}

async function targetName(tx: Database, name: string, schema: string | undefined): Promise<Required<RelationName>> {
  const dot = schema === undefined ? name.indexOf('.') : -1
  const wanted = dot > 0 ? name.slice(0, dot) : schema
  const bare = dot > 0 ? name.slice(dot + 1) : name
  if (wanted === undefined) {
    const [row] = await tx.rows<{ s: string | null }>('SELECT current_schema()::text AS s')
    return { schema: row?.s ?? 'public', name: bare }
  }
  const schemas = await tx.rows<{ s: string }>('SELECT nspname::text AS s FROM pg_namespace')
  if (!schemas.some((r) => r.s === wanted)) {
    throw new ViewcastError([
      diagnostic('view/unknown-relation', {
        view: `deployment "${name}"`,
        relation: `schema ${wanted}`,
        ...nearParameter(
          wanted,
          schemas.map((r) => r.s),
        ),
      }),
    ])
  }
  return { schema: wanted, name: bare }
}

interface Existing {
  readonly isView: boolean
  readonly comment: string | null
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

async function describeExisting(tx: Database, target: Required<RelationName>): Promise<Existing | undefined> {
  const [object] = await tx.rows<{ oid: string; kind: string; comment: string | null }>(
    `SELECT c.oid::text AS oid, c.relkind::text AS kind, obj_description(c.oid, 'pg_class') AS comment
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [target.schema, target.name],
  )
  if (!object) return undefined
  const columns = await tx.rows<{ name: string; type: string }>(
    `SELECT a.attname::text AS name, t.typname::text AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [object.oid],
  )
  return { isView: object.kind === 'v', comment: object.comment, columns }
}

/** PostgreSQL replaces a view in place only when the old columns stay, in order, with their types. */
function refuseBreaking(
  object: string,
  before: Existing['columns'],
  after: readonly { readonly name: string; readonly type: string }[],
): void {
  const changed = before.filter((c, i) => after[i]?.name !== c.name || after[i]?.type !== c.type).map((c) => c.name)
  if (changed.length > 0) fail('deploy/breaking', { object, columns: changed.join(', ') })
}
