/** A prediction query deployed as a view: one transaction, checked before it is committed, nothing ever dropped. */
import { fail, type ModelDef, type ModelRecord, objectComment, quoteText } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { predictionQuery } from '../predict/queries.ts'
import { checkVerificationRows } from '../predict/verify.ts'
import { oneDeployer } from './deploy-lock.ts'
import { dryRun } from './dry-run.ts'
import { keptComment } from './kept-comment.ts'
import { assetName, objectName, quoted } from './object-name.ts'
import { inspect, type PresentColumn } from './present.ts'

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
    await oneDeployer(tx)
    const target = await objectName(tx, options.name ?? model.name, options.schema)
    const view = quoted(target)
    const existing = await inspect(tx, target)
    const isOurs = existing?.kind === 'view' && existing.comment?.startsWith(mark)
    if (existing && !isOurs) fail('deploy/conflict', { object: view })
    if (existing) refuseBreaking(view, existing.columns, (await dryRun(tx, query.sql)).columns)
    const verification = await checkVerificationRows(tx, record)
    if (!verification.ok) fail('deploy/verification', { rows: verification.detail })
    const sql = `CREATE OR REPLACE VIEW ${view} WITH (security_invoker = true) AS\n${query.sql}`
    await tx.execute(sql)
    await tx.execute(`COMMENT ON VIEW ${view} IS ${quoteText(keptComment(objectComment(record), existing?.comment))}`)
    return {
      view,
      relation: assetName(target),
      sql,
      replaced: existing !== undefined,
      verification: verification.detail,
    }
  })
}

/** PostgreSQL replaces a view in place only when the old columns stay, in order, with their types. */
function refuseBreaking(object: string, before: readonly PresentColumn[], after: readonly PresentColumn[]): void {
  const changed = before.filter((c, i) => after[i]?.name !== c.name || after[i]?.type !== c.type).map((c) => c.name)
  if (changed.length > 0) fail('deploy/breaking', { object, columns: changed.join(', ') })
}
