/** What the engine itself says of a function before anything is changed. */
import { type Callable, createFunction, InternalError, printType } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { Desired } from './desired.ts'
import {
  type DryRun,
  type DryRunOptions,
  explained,
  formattedTypes,
  ifReadable,
  type PlannedQuery,
  readBy,
  readByText,
  undone,
  whyNoObject,
} from './dry-run.ts'
import type { PresentColumn } from './present.ts'

/** Its columns are those of the rows it returns. */
export interface FunctionDryRun extends DryRun {
  readonly parameters: readonly PresentColumn[]
}

/** Makes the function among the temporary objects of the session, looks at it, and rolls back; as {@link dryRun} does. */
export async function dryRunFunction(
  db: Database,
  { routine }: Pick<Desired, 'routine'>,
  options: Pick<DryRunOptions, 'timeout' | 'running'> = {},
): Promise<FunctionDryRun> {
  if (!routine) throw new InternalError('The dry run of a function was given something else')
  return undone(db, options, (tx) => looked(tx, routine.callable))
}

const name = { schema: 'pg_temp', name: 'viewcast_dry_run' } as const
const itself = `p.pronamespace = pg_my_temp_schema() AND p.proname = '${name.name}'`

async function looked(tx: Database, callable: Callable): Promise<FunctionDryRun> {
  const without = await whyNoObject(tx)
  if (without !== undefined) return { ...(await declared(tx, callable)), without }
  await tx.execute(createFunction({ ...callable, name }))
  const rows = await tx.rows<PresentColumn & { mode: string }>(
    `SELECT coalesce(p.proargnames[i], '') AS name, format_type(t.oid, NULL) AS type,
            coalesce(p.proargmodes[i], 'i')::text AS mode
     FROM pg_proc p, unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS t (oid, i)
     WHERE ${itself} ORDER BY i`,
  )
  const of = (mode: string): PresentColumn[] =>
    rows.filter((r) => r.mode === mode).map((r) => ({ name: r.name, type: r.type }))
  const which = `d.classid = 'pg_proc'::regclass AND d.objid IN (SELECT p.oid FROM pg_proc p WHERE ${itself})`
  const read = callable.language === 'sql' ? await readBy(tx, which) : await readByText(tx, withoutParameters(callable))
  const planned = await plannedCall(tx, callable)
  return { columns: of('t'), parameters: of('i'), ...read, ...(planned ? { planned } : {}) }
}

/** Where it cannot be made: as it is written, and as its body is planned. */
async function declared(tx: Database, callable: Callable): Promise<FunctionDryRun> {
  const columns = await formattedTypes(tx, callable.columns ?? (callable.returns ? [callable.returns] : []))
  const parameters = await formattedTypes(tx, callable.parameters)
  const planned = await plannedCall(tx, callable)
  return {
    columns,
    parameters,
    ...(await readByText(tx, withoutParameters(callable))),
    ...(planned ? { planned } : {}),
  }
}

/** Our own reading of a text knows what it reads, whatever it is asked with. */
const withoutParameters = ({ query }: Callable): string => query.replace(/\$\d+/g, 'NULL')

/** As it is planned once for all calls: with a value in its place much would be computed by the planner itself. */
async function plannedCall(tx: Database, { query, parameters }: Callable): Promise<PlannedQuery | undefined> {
  const listed = (items: readonly string[]): string => (items.length === 0 ? '' : ` (${items.join(', ')})`)
  const types = listed(parameters.map((p) => printType(p.type)))
  const given = listed(parameters.map(() => 'NULL'))
  return ifReadable(() =>
    tx.transaction(async (inner) => {
      await inner.execute('SET LOCAL plan_cache_mode = force_generic_plan')
      // One that failed left it to its session, which others use after it.
      const left = await inner.rows(`SELECT FROM pg_prepared_statements WHERE name = 'viewcast_dry_run'`)
      if (left.length > 0) await inner.execute('DEALLOCATE viewcast_dry_run')
      await inner.execute(`PREPARE viewcast_dry_run${types} AS ${query}`)
      try {
        return await explained(inner, `EXPLAIN (FORMAT JSON) EXECUTE viewcast_dry_run${given}`)
      } finally {
        // It outlives the transaction, and cannot be taken away in one that failed.
        await inner.execute('DEALLOCATE viewcast_dry_run').catch(() => undefined)
      }
    }),
  )
}
