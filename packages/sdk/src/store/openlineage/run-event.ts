/** One run of the store as an event that stands alone: everything known of it, and of what it read and wrote. */
import type { RunState } from '../runs/started.ts'
import type { Store } from '../store.ts'
import { cutEvent } from './cut.ts'
import { datasetsOf } from './dataset.ts'
import { upstreamOf } from './dataset-rows.ts'
import {
  type Dataset,
  type Facets,
  type InputDataset,
  type OutputDataset,
  type RunEvent,
  type RunEventType,
  runEventSchema,
} from './event.ts'
import { collected, facetsOf, type MakeFacet, present } from './facet.ts'
import { jobName, type Naming } from './naming.ts'
import { jobFacets, runFacets } from './run-facets.ts'
import { type CheckRow, checkRows, type RunRow, type VersionRow, versionRows } from './run-rows.ts'

/** The event that the start of a run is told by; nothing is known yet of what it reads. */
export async function startEvent(store: Store, run: RunRow, naming: Naming): Promise<RunEvent> {
  return cutEvent(assembled(store, run, 'START', run.started, naming, [], [], []))
}

/** The event that the end of a run is told by. Six statements. */
export async function endEvent(store: Store, run: RunRow, naming: Naming): Promise<RunEvent> {
  const versions = await versionRows(store, run.id)
  const checks = await checkRows(store, run.id)
  const outputs = new Set(versions.filter((v) => v.direction === 'out').map((v) => v.asset_id))
  // What the tables are that it all comes from, so that nobody has to have seen another event to know.
  const models = versions.flatMap((v) => (v.kind === 'model' ? [v.artifact_id] : []))
  const all = await upstreamOf(store, [...versions.map((v) => v.asset_id), ...checks.map((c) => c.asset_id)], models)
  const datasets = await datasetsOf(store, all, naming, models)
  const facet = facetsOf(naming.producer)
  const inputs: InputDataset[] = []
  const written: OutputDataset[] = []
  for (const [id, dataset] of datasets) {
    const own = versions.filter((v) => v.asset_id === id)
    if (outputs.has(id)) written.push(outputOf(dataset, own, facet))
    else
      inputs.push(
        inputOf(
          dataset,
          own,
          checks.filter((c) => c.asset_id === id),
          facet,
        ),
      )
  }
  return cutEvent(
    assembled(store, run, eventType[run.state], run.ended ?? run.started, naming, inputs, written, checks, versions),
  )
}

/** What the end of a run in each state is called; a state that is no end has none. */
const eventType: Readonly<Record<RunState, RunEventType>> = {
  scheduled: 'OTHER',
  running: 'OTHER',
  finished: 'COMPLETE',
  cached: 'COMPLETE',
  failed: 'FAIL',
  killed: 'ABORT',
  skipped: 'ABORT',
  lost: 'ABORT',
}

function assembled(
  store: Store,
  run: RunRow,
  type: RunEventType,
  eventTime: string,
  naming: Naming,
  inputs: readonly InputDataset[],
  outputs: readonly OutputDataset[],
  checks: readonly CheckRow[],
  versions: readonly VersionRow[] = [],
): RunEvent {
  const facet = facetsOf(naming.producer)
  return {
    eventType: type,
    eventTime,
    producer: naming.producer,
    schemaURL: runEventSchema,
    run: { runId: run.id, facets: runFacets(run, checks, store.db.engine, naming, facet) },
    job: { namespace: naming.namespace, name: jobName(run), facets: jobFacets(run, versions, facet) },
    inputs,
    outputs,
  }
}

function inputOf(
  dataset: Dataset,
  versions: readonly VersionRow[],
  checks: readonly CheckRow[],
  facet: MakeFacet,
): InputDataset {
  const counted = versions.find((v) => v.rows !== null)
  const inputFacets = collected({
    inputStatistics: counted ? facet('inputStatistics', sizeOf(counted)) : undefined,
    dataQualityMetrics: counted
      ? facet('dataQualityMetrics', { rowCount: Number(counted.rows), columnMetrics: nullsOf(counted) })
      : undefined,
    dataQualityAssertions:
      checks.length === 0 ? undefined : facet('dataQualityAssertions', { assertions: checks.map(assertionOf) }),
  })
  return {
    ...dataset,
    facets: { ...schemaOf(versions, facet), ...dataset.facets, ...versionFacets(versions, facet) },
    inputFacets,
  }
}

function outputOf(dataset: Dataset, versions: readonly VersionRow[], facet: MakeFacet): OutputDataset {
  const counted = versions.find((v) => v.rows !== null || typeof v.props['rows'] === 'number')
  const outputFacets = collected({
    outputStatistics: counted ? facet('outputStatistics', sizeOf(counted)) : undefined,
  })
  const first = versions.find((v) => v.direction === 'out')
  const model = versions.find((v) => v.model !== null)?.model
  return {
    ...dataset,
    facets: {
      ...schemaOf(versions, facet),
      ...dataset.facets,
      ...versionFacets(versions, facet),
      ...collected({
        lifecycleStateChange: first && changeOf(first, facet),
        viewcast_coefficients: model ? facet('viewcast_coefficients', model) : undefined,
      }),
    },
    outputFacets,
  }
}

/** A deployment is an object that is replaced; versions of the others stand beside each other. */
function changeOf({ is_new, version, kind }: VersionRow, facet: MakeFacet) {
  if (!is_new) return undefined
  if (version === 1) return facet('lifecycleStateChange', { lifecycleStateChange: 'CREATE' })
  return kind === 'deployment' ? facet('lifecycleStateChange', { lifecycleStateChange: 'ALTER' }) : undefined
}

/** Of several versions of one asset, the last is the dataset's; all are listed. */
function versionFacets(versions: readonly VersionRow[], facet: MakeFacet): Facets {
  const last = versions.at(-1)
  if (last === undefined) return {}
  return {
    version: facet('version', { datasetVersion: String(last.version) }),
    viewcast_version: facet('viewcast_version', {
      versions: versions.map((v) =>
        present({ id: v.artifact_id, version: v.version, digest: v.digest, role: v.role === '' ? undefined : v.role }),
      ),
    }),
  }
}

/** Counts only: least, greatest and sums are values of rows. */
const nullsOf = ({ columns }: VersionRow) =>
  Object.fromEntries(
    (columns ?? []).flatMap((c) => {
      const nulls = Number(c.nulls ?? Number.NaN)
      return Number.isInteger(nulls) ? [[c.name, { nullCount: nulls }]] : []
    }),
  )

/** The columns of a version, for a dataset whose columns the catalog does not have. */
function schemaOf(versions: readonly VersionRow[], facet: MakeFacet): Facets {
  const columns = versions.findLast((v) => v.columns !== null)?.columns
  if (!columns) return {}
  return {
    schema: facet('schema', {
      fields: columns.map(({ name, type }, i) =>
        present({ name, type: typeof type === 'string' ? type : undefined, ordinal_position: i + 1 }),
      ),
    }),
  }
}

const sizeOf = ({ rows, bytes, props }: VersionRow) => ({
  rowCount: Number(rows ?? props['rows']),
  ...(bytes === null ? {} : { size: Number(bytes), fileCount: 1 }),
})

const assertionOf = (c: CheckRow) =>
  present({
    assertion: c.name,
    success: c.passed,
    severity: c.severity,
    column: c.column_name === '' ? undefined : c.column_name,
    params: c.detail,
  })
