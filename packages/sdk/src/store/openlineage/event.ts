/** The shapes of OpenLineage 2-0-2 that are written here. */

/** What every facet carries, and its own fields. */
export interface Facet {
  readonly _producer: string
  readonly _schemaURL: string
  readonly [field: string]: unknown
}

export type Facets = Readonly<Record<string, Facet>>

export interface JobName {
  readonly namespace: string
  readonly name: string
}

export interface DatasetName {
  readonly namespace: string
  readonly name: string
}

export interface Dataset extends DatasetName {
  readonly facets?: Facets
}

export interface InputDataset extends Dataset {
  readonly inputFacets?: Facets
}

export interface OutputDataset extends Dataset {
  readonly outputFacets?: Facets
}

interface BaseEvent {
  /** ISO 8601 in UTC, with microseconds. */
  readonly eventTime: string
  readonly producer: string
  readonly schemaURL: string
}

export type RunEventType = 'START' | 'COMPLETE' | 'FAIL' | 'ABORT' | 'OTHER'

export interface RunEvent extends BaseEvent {
  readonly eventType: RunEventType
  readonly run: { readonly runId: string; readonly facets: Facets }
  readonly job: JobName & { readonly facets: Facets }
  readonly inputs: readonly InputDataset[]
  readonly outputs: readonly OutputDataset[]
}

export interface DatasetEvent extends BaseEvent {
  readonly dataset: Dataset
}

const core = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs'
export const runEventSchema = `${core}/RunEvent`
const datasetEventSchema = `${core}/DatasetEvent`

/** What is known of a dataset, apart from any run. */
export const datasetEvent = (dataset: Dataset, eventTime: string, producer: string): DatasetEvent => ({
  eventTime,
  producer,
  schemaURL: datasetEventSchema,
  dataset,
})
