/** A planned change as files of a migration tool. */
import { fail, quoteIdentifier, ViewcastError } from '@viewcast/compiler'
import type { Store } from '../../store/store.ts'
import type { PlannedChange } from '../plan-data.ts'
import { undoing } from './undo.ts'

export const migrationStyles = ['pair', 'dbmate', 'node-pg-migrate', 'flyway'] as const

/**
 * `pair`: `<time>_<name>.up.sql` and `.down.sql`, each a transaction, for psql and golang-migrate. `dbmate` and
 * `node-pg-migrate`: one file with two sections. `flyway`: `V<time>__<name>.sql` and `U<time>__<name>.sql`.
 */
export type MigrationStyle = (typeof migrationStyles)[number]

export interface MigrationOptions {
  readonly style?: MigrationStyle
  /** When, for the names of the files; default now. */
  readonly now?: Date
}

export interface MigrationFile {
  readonly name: string
  readonly content: string
}

/**
 * Writes a planned change for a migration tool: up does what applying the plan would, down leaves exactly what is there now.
 * Both run in one transaction: of what is there already as often as one likes where SQL has words for it; what is new is made
 * once, and up fails where something is in its place. Nothing is run, and nothing is written into the store: what the tool
 * applied is found by the next plan as what it is.
 *
 * Errors: the blockers of the change; `deploy/unchanged` when there is nothing to do.
 *
 * @example
 * ```ts
 * const { changes } = await planDeployments(store, [{ def, record, isDeclared: true }])
 * for (const { name, content } of await deploymentMigration(store, changes[0])) await writeFile(name, content)
 * ```
 * ```sql
 * BEGIN; SET LOCAL search_path = public, pg_temp; CREATE VIEW … ; COMMENT ON VIEW … ; COMMIT;
 * ```
 */
export async function deploymentMigration(
  store: Store,
  change: PlannedChange,
  { style = 'pair', now = new Date() }: MigrationOptions = {},
): Promise<readonly MigrationFile[]> {
  if (change.blockers.length > 0) throw new ViewcastError(change.blockers)
  if (change.class === 'none') fail('deploy/unchanged', { name: change.name })
  const path = await searchPath(store)
  const before = [`SET LOCAL lock_timeout = '5s'`, path]
  const rerun = change.class === 'add' ? onlyNew : again
  const up = [...before, ...[...change.statements, ...(change.exchange?.statements ?? [])].map(rerun)].map(ended)
  const down = [...before, ...(await undoing(store, change))].map(ended)
  const time = now.toISOString().replace(/\D/g, '').slice(0, 14)
  const name = change.name.replace(/[^A-Za-z0-9]+/g, '_')
  const about = `-- Written by viewcast: ${title(change)}.`
  const whole = (statements: readonly string[]): string => `${about}\n\n${statements.join('\n\n')}\n`
  if (style === 'dbmate' || style === 'node-pg-migrate') {
    const [first, second] =
      style === 'dbmate' ? ['-- migrate:up', '-- migrate:down'] : ['-- Up Migration', '-- Down Migration']
    return [{ name: `${time}_${name}.sql`, content: `${first}\n${whole(up)}\n${second}\n${whole(down)}` }]
  }
  if (style === 'flyway') {
    return [
      { name: `V${time}__${name}.sql`, content: whole(up) },
      { name: `U${time}__${name}.sql`, content: whole(down) },
    ]
  }
  const alone = (statements: readonly string[]): string => whole(['BEGIN;', ...statements, 'COMMIT;'])
  return [
    { name: `${time}_${name}.up.sql`, content: alone(up) },
    { name: `${time}_${name}.down.sql`, content: alone(down) },
  ]
}

/** Texts name what they read as the declaration does: they mean the relations that the plan found. */
export async function searchPath({ db }: Store): Promise<string> {
  const [row] = await db.rows<{ path: string[] }>('SELECT to_jsonb(current_schemas(false)) AS path')
  const path = [...(row?.path ?? ['public']), 'pg_temp'].filter((s, i, all) => all.indexOf(s) === i)
  return `SET LOCAL search_path = ${path.map(quoteIdentifier).join(', ')}`
}

/** One statement of ours in the words that let it be run a second time. */
export function again(sql: string): string {
  if (sql.startsWith('CREATE TABLE ')) return sql.replace('CREATE TABLE ', 'CREATE TABLE IF NOT EXISTS ')
  if (sql.startsWith('ALTER TABLE ')) return sql.replace(' ADD COLUMN ', ' ADD COLUMN IF NOT EXISTS ')
  return sql.startsWith('INSERT INTO ') ? `${sql}\nON CONFLICT DO NOTHING` : sql
}

/** Down drops what up made: in the place of an object that came there meanwhile, up would have made nothing. */
const onlyNew = (sql: string): string => sql.replace(/^((?:--.*\n|\s)*CREATE) OR REPLACE /, '$1 ')

export const ended = (sql: string): string => `${sql.trimEnd().replace(/;$/, '')};`

function title({ name, as, to, from }: PlannedChange): string {
  const version = (v: typeof to): string => (v ? `${v.model} version ${v.version}` : 'nothing')
  // Either ends a comment, and what follows would be run.
  return `${as} ${name}, ${version(to)}${from ? ` after ${version(from)}` : ''}`.replace(/[\r\n]+/g, ' ')
}
