/**
 * Events that services would refuse for their size, cut by rule: what was left out is said in the event itself.
 *
 * The order is that of worth: first what is said twice or can be asked of the store, last the names of datasets.
 */
import type { Dataset, Facet, RunEvent } from './event.ts'
import { facetsOf } from './facet.ts'

/** Google's service takes 5 MB; the rest is for what transports add. */
const mostBytes = 4_500_000

/** One facet, or list, that was shortened: how many of its elements, or characters, are left. */
interface Cut {
  readonly of: string
  readonly kept: number
  readonly was: number
}

type Step = (event: RunEvent, cuts: Cut[]) => RunEvent

/** The event itself when it is small enough, else one that is. */
export function cutEvent(event: RunEvent, limit = mostBytes): RunEvent {
  if (sizeOf(event) <= limit) return event
  let small = event
  const cuts: Cut[] = []
  for (const step of steps) {
    small = step(small, cuts)
    const said = {
      ...small,
      run: { ...small.run, facets: { ...small.run.facets, viewcast_cut: cutFacet(event, cuts) } },
    }
    if (sizeOf(said) <= limit) return said
  }
  // Names alone: of a run, of its job, and of nothing else.
  return {
    ...event,
    run: { ...event.run, facets: { viewcast_cut: cutFacet(event, [{ of: 'event', kept: 0, was: sizeOf(event) }]) } },
    job: { ...event.job, facets: {} },
    inputs: [],
    outputs: [],
  }
}

const sizeOf = (event: RunEvent): number => Buffer.byteLength(JSON.stringify(event))

/** Thousands of cuts would be as long as what was cut. */
const cutFacet = (event: RunEvent, cuts: readonly Cut[]): Facet =>
  facetsOf(event.producer)('viewcast_cut', { cuts: cuts.slice(0, 1000), count: cuts.length })

const list =
  (facet: string, field: string, kept: number) =>
  (f: Facet, where: string, cuts: Cut[]): Facet => {
    const items = f[field]
    if (!Array.isArray(items) || items.length <= kept) return f
    cuts.push({ of: `${where}.${facet}.${field}`, kept, was: items.length })
    return { ...f, [field]: items.slice(0, kept) }
  }

type Shorten = (f: Facet, where: string, cuts: Cut[]) => Facet | undefined

const drop =
  (facet: string): Shorten =>
  (f, where, cuts) => {
    cuts.push({ of: `${where}.${facet}`, kept: 0, was: JSON.stringify(f).length })
    return undefined
  }

const ofRun =
  (facet: string, shorten: Shorten): Step =>
  (event, cuts) => ({
    ...event,
    run: { ...event.run, facets: shortened(event.run.facets, facet, 'run', shorten, cuts) },
  })

const ofDatasets =
  (facet: string, shorten: Shorten): Step =>
  (event, cuts) => {
    const each = <D extends Dataset & { inputFacets?: RunEvent['run']['facets'] }>(d: D): D => ({
      ...d,
      ...(d.facets ? { facets: shortened(d.facets, facet, d.name, shorten, cuts) } : {}),
      ...(d.inputFacets ? { inputFacets: shortened(d.inputFacets, facet, d.name, shorten, cuts) } : {}),
    })
    return { ...event, inputs: event.inputs.map(each), outputs: event.outputs.map(each) }
  }

function shortened(facets: RunEvent['run']['facets'], name: string, where: string, shorten: Shorten, cuts: Cut[]) {
  const facet = facets[name]
  if (facet === undefined) return facets
  const { [name]: _, ...rest } = facets
  const kept = shorten(facet, where, cuts)
  return kept === undefined ? rest : { ...rest, [name]: kept }
}

const datasets =
  (kept: number): Step =>
  (event, cuts) => {
    for (const side of ['inputs', 'outputs'] as const) {
      if (event[side].length > kept) cuts.push({ of: side, kept, was: event[side].length })
    }
    return { ...event, inputs: event.inputs.slice(0, kept), outputs: event.outputs.slice(0, kept) }
  }

const bareJob: Step = (event, cuts) => {
  cuts.push({ of: 'job', kept: 0, was: JSON.stringify(event.job.facets).length })
  return { ...event, job: { ...event.job, facets: {} } }
}

const steps: readonly Step[] = [
  // Said a second time by columnLineage, which more services read.
  ofDatasets('lineage', drop('lineage')),
  // Said a second time by executionParameters.
  ofRun('viewcast_params', drop('viewcast_params')),
  ofDatasets('viewcast_coefficients', list('viewcast_coefficients', 'coefficients', 1000)),
  ofRun('viewcast_metrics', list('viewcast_metrics', 'metrics', 1000)),
  ofRun('test', list('test', 'tests', 1000)),
  ofDatasets('dataQualityAssertions', list('dataQualityAssertions', 'assertions', 1000)),
  // A query that is cut is no query.
  bareJob,
  ofRun('executionParameters', list('executionParameters', 'parameters', 1000)),
  ofDatasets('schema', list('schema', 'fields', 1000)),
  ofDatasets('columnLineage', drop('columnLineage')),
  ofDatasets('tags', list('tags', 'tags', 1000)),
  ofDatasets('documentation', drop('documentation')),
  datasets(1000),
  (event, cuts) => {
    const bare = <D extends Dataset>({ namespace, name }: D): Dataset => ({ namespace, name })
    cuts.push({ of: 'facets of datasets', kept: 0, was: event.inputs.length + event.outputs.length })
    return { ...event, inputs: event.inputs.map(bare), outputs: event.outputs.map(bare) }
  },
]
