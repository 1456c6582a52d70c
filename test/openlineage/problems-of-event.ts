/**
 * Holds events to OpenLineage 2-0-2: the event itself, every facet to its own schema at the place where it stands, and
 * every `_schemaURL` to a schema that exists. No network.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formatsModule, { type FormatsPlugin } from 'ajv-formats'

const addFormats = formatsModule as unknown as FormatsPlugin
const spec = join(import.meta.dirname, '../fixtures/openlineage/spec')
const ownSchema = join(import.meta.dirname, '../../packages/sdk/src/store/openlineage/viewcast-facets.json')

const readJson = (file: string): Json => JSON.parse(readFileSync(file, 'utf8')) as Json
type Json = Readonly<Record<string, unknown>>

// The schemas of the specification hold keywords of OpenAPI ("example") and misspellings ("documentation").
const ajv = new Ajv2020({ allErrors: true, strict: false })
addFormats(ajv)
const core = readJson(join(spec, 'OpenLineage.json'))
ajv.addSchema(core)

interface FacetFile {
  readonly name: string
  readonly id: string
  readonly keys: readonly string[]
}
const files: readonly FacetFile[] = [
  ...readdirSync(join(spec, 'facets')).map((file) => join(spec, 'facets', file)),
  ownSchema,
].map((path) => {
  const json = readJson(path)
  ajv.addSchema(json)
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    id: String(json['$id']),
    keys: Object.keys((json['properties'] as object | undefined) ?? {}),
  }
})

const isOwn = (f: FacetFile): boolean => f.name === 'viewcast-facets.json'
const endsIn = (f: FacetFile, ...ends: string[]): boolean => ends.some((end) => f.name.endsWith(`${end}.json`))

/** Which files hold the facets of a place. */
const places = {
  run: files.filter((f) => endsIn(f, 'RunFacet') || isOwn(f)),
  job: files.filter((f) => endsIn(f, 'JobFacet')),
  dataset: files.filter(
    (f) =>
      isOwn(f) ||
      (endsIn(f, 'DatasetFacet') &&
        !endsIn(
          f,
          'InputDatasetFacet',
          'OutputDatasetFacet',
          'DataQualityAssertionsDatasetFacet',
          'BaseSubsetDatasetFacet',
        )),
  ),
  input: files.filter((f) => endsIn(f, 'InputDatasetFacet', 'DataQualityAssertionsDatasetFacet')),
  output: files.filter((f) => endsIn(f, 'OutputDatasetFacet')),
} as const
type Place = keyof typeof places

const compiled = new Map<string, ValidateFunction>()
function validator(id: string): ValidateFunction | undefined {
  const there = compiled.get(id)
  if (there) return there
  const made = ajv.getSchema(id)
  if (made) compiled.set(id, made)
  return made
}

function problemsBy(id: string, value: unknown, where: string): string[] {
  const validate = validator(id)
  if (!validate) return [`${where}: there is no schema ${id}`]
  return validate(value) ? [] : (validate.errors ?? []).map((e) => `${where}${e.instancePath}: ${e.message}`)
}

function problemsOfFacets(facets: unknown, place: Place, where: string): string[] {
  if (facets === undefined) return []
  const known = new Map(places[place].flatMap((f) => f.keys.map((key) => [key, f] as const)))
  return Object.entries(facets as Json).flatMap(([key, facet]) => {
    const at = `${where}.${key}`
    const url = String((facet as Json)['_schemaURL'])
    if (key === 'lineage' && (place === 'dataset' || place === 'job')) {
      return problemsBy(url, facet, at)
    }
    const file = known.get(key)
    if (file === undefined) return [`${at}: no facet of this name belongs here`]
    return [
      ...(url.startsWith(`${file.id}#`) ? [] : [`${at}: says it follows ${url}, and the schema is ${file.id}`]),
      // Without a fragment it names the file, which is about the object around the facet.
      ...(url.includes('#') ? problemsBy(url, facet, at) : []),
      ...problemsBy(file.id, { [key]: facet }, where),
    ]
  })
}

/** Everything wrong with one event, in words; empty when it may be sent. */
export function problemsOfEvent(event: unknown): readonly string[] {
  const e = event as Json
  const kind = 'run' in e ? 'RunEvent' : 'job' in e ? 'JobEvent' : 'DatasetEvent'
  const problems = problemsBy(`${String(core['$id'])}#/$defs/${kind}`, event, kind)
  if (problems.length > 0) return problems
  const facetsAt = (value: unknown): unknown => (value as Json | undefined)?.['facets']
  const datasets = (side: 'inputs' | 'outputs') => ((e[side] as readonly Json[] | undefined) ?? []).entries()
  return [
    ...(Buffer.byteLength(JSON.stringify(event)) < 5_000_000 ? [] : ['longer than 5 MB']),
    ...problemsOfFacets(facetsAt(e['run']), 'run', 'run.facets'),
    ...problemsOfFacets(facetsAt(e['job']), 'job', 'job.facets'),
    ...problemsOfFacets(facetsAt(e['dataset']), 'dataset', 'dataset.facets'),
    ...[...datasets('inputs')].flatMap(([i, d]) => [
      ...problemsOfFacets(d['facets'], 'dataset', `inputs[${i}].facets`),
      ...problemsOfFacets(d['inputFacets'], 'input', `inputs[${i}].inputFacets`),
    ]),
    ...[...datasets('outputs')].flatMap(([i, d]) => [
      ...problemsOfFacets(d['facets'], 'dataset', `outputs[${i}].facets`),
      ...problemsOfFacets(d['outputFacets'], 'output', `outputs[${i}].outputFacets`),
    ]),
  ]
}
