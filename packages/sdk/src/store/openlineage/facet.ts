/** Facets by name, with the version of the schema each follows. */
import type { Facet, Facets } from './event.ts'

/** Folder, file and definition below `https://openlineage.io/spec/facets/`. */
const standard = {
  columnLineage: ['1-2-0', 'ColumnLineageDatasetFacet'],
  dataQualityAssertions: ['1-1-0', 'DataQualityAssertionsDatasetFacet'],
  dataQualityMetrics: ['1-0-3', 'DataQualityMetricsInputDatasetFacet'],
  dataSource: ['1-0-1', 'DatasourceDatasetFacet'],
  datasetType: ['1-0-1', 'DatasetTypeDatasetFacet'],
  documentation: ['1-1-0', 'DocumentationDatasetFacet'],
  errorMessage: ['1-0-1', 'ErrorMessageRunFacet'],
  executionParameters: ['1-0-0', 'ExecutionParametersRunFacet'],
  inputStatistics: ['1-0-0', 'InputStatisticsInputDatasetFacet'],
  jobType: ['2-0-4', 'JobTypeJobFacet'],
  lifecycleStateChange: ['1-0-1', 'LifecycleStateChangeDatasetFacet'],
  lineage: ['1-0-0', 'LineageFacet', 'LineageDatasetFacet'],
  nominalTime: ['1-0-1', 'NominalTimeRunFacet'],
  outputStatistics: ['1-0-2', 'OutputStatisticsOutputDatasetFacet'],
  ownership: ['1-0-1', 'OwnershipDatasetFacet'],
  parent: ['1-2-0', 'ParentRunFacet'],
  processing_engine: ['1-1-1', 'ProcessingEngineRunFacet'],
  schema: ['1-2-0', 'SchemaDatasetFacet'],
  sourceCodeLocation: ['1-1-0', 'SourceCodeLocationJobFacet'],
  sql: ['1-1-0', 'SQLJobFacet'],
  tags: ['1-0-0', 'TagsDatasetFacet'],
  test: ['1-0-1', 'TestRunFacet'],
  version: ['1-0-1', 'DatasetVersionDatasetFacet'],
} as const satisfies Record<string, readonly [string, string, string?]>

/** Ours; `viewcast-facets.json` beside this file is their schema. */
const own = {
  viewcast_coefficients: 'CoefficientsDatasetFacet',
  viewcast_cut: 'CutRunFacet',
  viewcast_metrics: 'MetricsRunFacet',
  viewcast_params: 'ParamsRunFacet',
  viewcast_run: 'RunRunFacet',
  viewcast_version: 'VersionDatasetFacet',
} as const

export type FacetName = keyof typeof standard | keyof typeof own | 'runTags'

function schemaOf(name: FacetName): string {
  // Tags of runs and of datasets have one name in two places.
  if (name === 'runTags') return 'https://openlineage.io/spec/facets/1-0-0/TagsRunFacet.json#/$defs/TagsRunFacet'
  if (name in own) return `urn:viewcast:openlineage:1-0-0#/$defs/${own[name as keyof typeof own]}`
  const [version, file, definition] = standard[name as keyof typeof standard] as readonly [string, string, string?]
  return `https://openlineage.io/spec/facets/${version}/${file}.json#/$defs/${definition ?? file}`
}

/** Makes facets of one producer; fields without a value are left out. */
export type MakeFacet = (name: FacetName, fields: Readonly<Record<string, unknown>>) => Facet

export const facetsOf =
  (producer: string): MakeFacet =>
  (name, fields) => ({ _producer: producer, _schemaURL: schemaOf(name), ...present(fields) })

/** Without the fields that have no value. */
export const present = <T extends Readonly<Record<string, unknown>>>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as T

/** Facets by name, without those that are undefined. */
export const collected = (facets: Readonly<Record<string, Facet | undefined>>): Facets => present(facets) as Facets
