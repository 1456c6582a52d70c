/** A shop with a trained model and deployments of it, and what there is to lose of them. */
import {
  type ApplyPlanOptions,
  applyPlan,
  type Database,
  type ModelRecord,
  openStore,
  type Plan,
  type PlanOptions,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { model, p, tables } from '../scenarios/shop.ts'

export const outcome = ['value', 'label'] as const

export interface DeployedShop {
  readonly store: Store
  readonly record: ModelRecord
  plan(names: readonly string[], outputs?: typeof outcome, store?: Store, options?: PlanOptions): Promise<Plan>
  apply(plan: Plan, options?: Partial<ApplyPlanOptions>, store?: Store): ReturnType<typeof applyPlan>
  /** Everything a deployment may touch: objects with their grants, and all that the store says of deployments. */
  holdings(): Promise<unknown>
}

export async function deployedShop(db: Database): Promise<DeployedShop> {
  await db.execute(tables)
  const store = await openStore(db, { project: 'shop', actor: 'me' })
  const { record } = await trainRecorded(store, model)
  return {
    store,
    record,
    plan: (names, outputs, by = store, options = {}) =>
      planDeployments(
        by,
        names.map((name) => ({
          def: p.deployment(name, { model, ...(outputs ? { outputs } : {}) }),
          record,
          isDeclared: true,
        })),
        options,
      ),
    apply: (plan, options = {}, by = store) =>
      applyPlan(by, plan, { record: async () => record, allowBreaking: true, ...options }),
    holdings: () => holdingsOf(db),
  }
}

async function holdingsOf(db: Database): Promise<unknown> {
  const [row] = await db.rows<{ all: unknown }>(
    `SELECT jsonb_build_object(
       'schemas', (SELECT jsonb_agg(jsonb_build_array(nspname, nspowner, nspacl::text) ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
       'objects', (SELECT jsonb_agg(jsonb_build_array(n.nspname, c.relname, c.oid::text, c.relowner::regrole, c.relacl::text, c.reloptions,
                          obj_description(c.oid), CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END) ORDER BY c.oid)
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relkind IN ('v', 'r', 'm')),
       'functions', (SELECT jsonb_agg(pg_get_functiondef(p.oid) ORDER BY p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                     WHERE n.nspname NOT IN ('information_schema', 'viewcast') AND n.nspname !~ '^pg_' AND p.prokind = 'f'),
       'deployment', (SELECT jsonb_agg(to_jsonb(d) ORDER BY d.asset_id) FROM viewcast.deployment d),
       'version', (SELECT jsonb_agg(to_jsonb(v) ORDER BY v.artifact_id) FROM viewcast.deployment_version v),
       'change', (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.id) FROM viewcast.deployment_change c),
       'artifact', (SELECT count(*) FROM viewcast.artifact), 'asset', (SELECT count(*) FROM viewcast.asset),
       'edge', (SELECT count(*) FROM viewcast.column_edge), 'columns', (SELECT count(*) FROM viewcast.asset_column)) AS all`,
  )
  return row?.all
}
