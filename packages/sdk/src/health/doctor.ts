/** A look at the engine and the project before real work: connection, version, settings, every definition, indexes. */
import {
  bindDataset,
  bindModel,
  type DatasetDef,
  type Diagnostic,
  type FeatureView,
  findRelation,
  isViewcastError,
  type ModelDef,
  plain,
  renderDiagnostics,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { duplicateKeys } from '../project/duplicate-keys.ts'
import { prepareDataset } from '../project/facts.ts'
import { namingFailedView } from '../project/failed-view.ts'
import type { Project } from '../project/project.ts'
import { runningTraining } from '../project/running-query.ts'

export interface DoctorCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly hint?: string
}

export interface DoctorReport {
  readonly ok: boolean
  readonly checks: readonly DoctorCheck[]
}

/** Examines a database and, when given, every dataset and model of a project. Reads only. */
export async function doctor(db: Database, project?: Project): Promise<DoctorReport> {
  const checks: DoctorCheck[] = [...(await engineChecks(db))]
  const definitions = [...(project?.definitions.values() ?? [])]
  for (const d of definitions) {
    if (d.kind === 'dataset') checks.push(...(await datasetChecks(db, d, project?.directory)))
    if (d.kind === 'model') checks.push(await modelCheck(db, d, project?.directory))
  }
  return { ok: checks.every((c) => c.ok), checks }
}

async function engineChecks(db: Database): Promise<DoctorCheck[]> {
  const [about] = await db.rows<{ version: string; zone: string; can_create: boolean; jit: string }>(
    `SELECT current_setting('server_version') AS version, current_setting('TimeZone') AS zone, ` +
      `has_schema_privilege(current_schema(), 'CREATE') AS can_create, current_setting('jit') AS jit`,
  )
  const catalog = await db.introspect()
  const count = (kind: string) => catalog.relations.filter((r) => r.kind === kind).length
  return [
    { name: 'connection', ok: true, detail: `${db.description}, PostgreSQL ${about?.version}` },
    {
      name: 'catalog',
      ok: catalog.relations.length > 0,
      detail: `${count('table')} tables, ${count('view')} views`,
      ...(catalog.relations.length > 0
        ? {}
        : { hint: 'The database is empty: load data first, or name another with --database.' }),
    },
    {
      name: 'privileges',
      ok: about?.can_create === true,
      detail: about?.can_create ? 'may create views here' : 'may not create views in the current schema',
      ...(about?.can_create ? {} : { hint: 'Deploying needs CREATE on a schema; training and predicting do not.' }),
    },
  ]
}

async function datasetChecks(db: Database, dataset: DatasetDef, directory?: string): Promise<DoctorCheck[]> {
  const name = `dataset ${dataset.name}`
  try {
    const prepared = await prepareDataset(db, dataset, directory)
    const { value: bound, diagnostics } = bindDataset(prepared.dataset, prepared.facts)
    const errors = diagnostics.filter((d) => d.severity === 'error')
    const running = runningTraining(bound, prepared.facts)
    const asked = () => duplicateKeys(db, prepared.dataset, prepared.facts)
    const repeated = errors.length === 0 ? await namingFailedView(db, running, asked) : []
    const found = [...prepared.warnings, ...diagnostics, ...repeated]
    const detail = found.length === 0 ? 'compiles' : text(found)
    const views = prepared.dataset.features.map((u) => u.view)
    const missing = [...new Set(views)].flatMap((v) => missingIndexes(v, prepared.facts.catalog))
    return [{ name, ok: errors.length === 0, detail }, ...missing]
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return [{ name, ok: false, detail: text(e.diagnostics) }]
  }
}

/** Windows without an index led by keys and time scan the events for every question. Advice, not a failure. */
function missingIndexes(view: FeatureView, catalog: Parameters<typeof findRelation>[0]): DoctorCheck[] {
  if (view.kind !== 'aggregates' || view.spec.source.kind !== 'relation') return []
  const { relation: name } = view.spec.source
  const relation = findRelation(catalog, name.name, name.schema)
  if (relation?.kind !== 'table') return []
  const keys = view.entity.keys.map((k) => view.spec.keys[k.name] ?? k.name)
  const led = relation.indexes.some(
    (i) => keys.every((k) => i.columns.slice(0, keys.length).includes(k)) && i.columns[keys.length] === view.spec.time,
  )
  const columns = [...keys, view.spec.time].join(', ')
  return [
    {
      name: `view ${view.name}`,
      ok: true,
      detail: led ? `an index on ${relation.name} (${columns}) serves it` : `no index on ${relation.name} (${columns})`,
      ...(led ? {} : { hint: `CREATE INDEX CONCURRENTLY ON ${relation.schema}.${relation.name} (${columns});` }),
    },
  ]
}

async function modelCheck(db: Database, model: ModelDef, directory?: string): Promise<DoctorCheck> {
  const name = `model ${model.name}`
  try {
    const prepared = await prepareDataset(db, model.dataset, directory)
    const bound = bindDataset(prepared.dataset, prepared.facts)
    const { value, diagnostics } = bindModel({ ...model, dataset: prepared.dataset }, bound.value)
    const errors = diagnostics.filter((d) => d.severity === 'error')
    return { name, ok: errors.length === 0, detail: errors.length === 0 ? `${value.length} inputs` : text(errors) }
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return { name, ok: false, detail: 'its dataset does not compile' }
  }
}

const text = (diagnostics: readonly Diagnostic[]): string => renderDiagnostics(diagnostics, plain)
