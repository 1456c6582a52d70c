/** What the engine itself says of a function before anything is changed. */
import { createFunction, InternalError } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { Desired } from './desired.ts'
import type { DryRun } from './dry-run.ts'
import type { PresentColumn } from './present.ts'

/** Its columns are those of the rows it returns. */
export interface FunctionDryRun extends DryRun {
  readonly parameters: readonly PresentColumn[]
}

/** Makes the function among the temporary objects of the session, looks at it, and rolls back. */
export async function dryRunFunction(db: Database, { routine }: Desired): Promise<FunctionDryRun> {
  if (!routine) throw new InternalError('The dry run of a function was given something else')
  const undo = Symbol('undo')
  let found: FunctionDryRun | undefined
  const name = { schema: 'pg_temp', name: 'viewcast_dry_run' }
  try {
    await db.transaction(async (tx) => {
      await tx.execute(createFunction({ ...routine.callable, name }))
      const rows = await tx.rows<PresentColumn & { mode: string }>(
        `SELECT coalesce(p.proargnames[i], '') AS name, format_type(t.oid, NULL) AS type,
                coalesce(p.proargmodes[i], 'i')::text AS mode
         FROM pg_proc p, unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS t (oid, i)
         WHERE p.pronamespace = pg_my_temp_schema() AND p.proname = '${name.name}' ORDER BY i`,
      )
      const of = (mode: string): PresentColumn[] =>
        rows.filter((r) => r.mode === mode).map((r) => ({ name: r.name, type: r.type }))
      const reads = await tx.rows<{ relation: string; column: string; type: string }>(
        `SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS relation, a.attname::text AS "column",
                format_type(a.atttypid, a.atttypmod) AS type
         FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
         JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
         WHERE p.pronamespace = pg_my_temp_schema() AND p.proname = '${name.name}' AND d.refobjsubid > 0 ORDER BY 1, 2`,
      )
      found = { columns: of('t'), parameters: of('i'), reads }
      throw undo
    })
  } catch (e) {
    if (e !== undo) throw e
  }
  if (!found) throw new InternalError('The dry run of a function was not undone')
  return found
}
