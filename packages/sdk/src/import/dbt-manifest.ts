/**
 * A dbt manifest as far as viewcast reads it: models and snapshots with what their columns, tests and constraints say.
 * Versions 4 to 12; what the versions name differently (`raw_sql`, `raw_code`) is told apart here and nowhere else.
 */
import { fail, type SqlType, sqlType } from '@viewcast/compiler'

export interface DbtColumn {
  readonly name: string
  readonly type?: SqlType
  readonly description?: string
  readonly unit?: string
}

export interface DbtNode {
  readonly id: string
  readonly kind: 'model' | 'snapshot' | 'seed'
  readonly name: string
  readonly schema: string
  readonly file: string
  readonly language: string
  readonly materialized: string
  readonly enabled: boolean
  /** The SELECT, when dbt has compiled it. */
  readonly compiled?: string
  readonly columns: readonly DbtColumn[]
  readonly description?: string
  readonly tags: readonly string[]
  /** Sets of columns that a test, a constraint or the configuration says are unique. */
  readonly keys: readonly (readonly string[])[]
  /** For snapshots: which columns the key is, and how changes are noticed. */
  readonly uniqueKey: readonly string[]
  readonly strategy?: string
  /** Sources among what it reads that say when their rows are loaded. */
  readonly loadedAt: readonly string[]
}

export interface DbtManifest {
  readonly version: number
  readonly project?: string
  readonly nodes: readonly DbtNode[]
}

type Json = Readonly<Record<string, unknown>>

const object = (value: unknown): Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {}
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const texts = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : Array.isArray(value)
      ? value.filter((v): v is string => typeof v === 'string')
      : []

/** Reads the text of `manifest.json`. Errors: `import/manifest`. */
export function parseManifest(json: string, file: string): DbtManifest {
  const refuse = (detail: string): never => fail('import/manifest', { file, detail })
  let root: Json
  try {
    root = object(JSON.parse(json))
  } catch {
    return refuse('it is not JSON')
  }
  const metadata = object(root['metadata'])
  const schema = text(metadata['dbt_schema_version'])
  const version = Number(/manifest\/v(\d+)/.exec(schema ?? '')?.[1])
  if (schema === undefined) refuse('it has no metadata.dbt_schema_version')
  if (!(version >= 4 && version <= 12)) refuse(`its schema is ${schema}`)
  if (typeof root['nodes'] !== 'object' || root['nodes'] === null) refuse('it has no nodes')
  const nodes = object(root['nodes'])
  const tests = Object.values(nodes)
    .map(object)
    .filter((n) => n['resource_type'] === 'test')
  const sources = object(root['sources'])
  // Disabled nodes are listed apart, under their id, in lists of their versions.
  const disabled = Object.values(object(root['disabled'])).flatMap((list) => (Array.isArray(list) ? list : []))
  const all = [
    ...Object.values(nodes).map((n) => ({ node: object(n), enabled: true })),
    ...disabled.map((n) => ({ node: object(n), enabled: false })),
  ]
  const project = text(metadata['project_name'])
  return {
    version,
    ...(project === undefined ? {} : { project }),
    nodes: all
      .filter(({ node }) => ['model', 'snapshot', 'seed'].includes(String(node['resource_type'])))
      .map(({ node, enabled }) => nodeOf(node, enabled, tests, sources))
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
  }
}

function nodeOf(node: Json, enabled: boolean, tests: readonly Json[], sources: Json): DbtNode {
  const config = object(node['config'])
  const id = String(node['unique_id'] ?? node['name'] ?? '')
  // Up to version 6 the texts are called raw_sql and compiled_sql, later raw_code and compiled_code.
  const compiled = text(node['compiled_code']) ?? text(node['compiled_sql'])
  const description = text(node['description'])
  const strategy = text(config['strategy'])
  const file = text(node['original_file_path']) ?? text(node['path']) ?? id
  return {
    id,
    kind: node['resource_type'] as DbtNode['kind'],
    name: text(node['alias']) ?? text(config['alias']) ?? String(node['name'] ?? id),
    schema: text(node['schema']) ?? 'public',
    file,
    language: text(node['language']) ?? (file.endsWith('.py') ? 'python' : 'sql'),
    materialized: text(config['materialized']) ?? 'view',
    enabled: enabled && config['enabled'] !== false,
    ...(compiled === undefined ? {} : { compiled }),
    columns: Object.values(object(node['columns'])).map(object).flatMap(columnOf),
    ...(description === undefined ? {} : { description }),
    tags: [...new Set([...texts(node['tags']), ...texts(config['tags'])])],
    keys: keysOf(
      node,
      config,
      tests.filter((t) => isOn(t, node)),
    ),
    uniqueKey: texts(config['unique_key']),
    ...(strategy === undefined ? {} : { strategy }),
    loadedAt: texts(object(node['depends_on'])['nodes']).flatMap((s) => texts(object(sources[s])['loaded_at_field'])),
  }
}

function columnOf(column: Json): DbtColumn[] {
  const name = text(column['name'])
  if (name === undefined) return []
  const type = text(column['data_type'])
  const description = text(column['description'])
  const unit = text(object(column['meta'])['unit']) ?? text(object(object(column['config'])['meta'])['unit'])
  return [
    {
      name,
      ...(type === undefined ? {} : { type: sqlType(type) }),
      ...(description === undefined ? {} : { description }),
      ...(unit === undefined ? {} : { unit }),
    },
  ]
}

/** Whether a test is about a node: it says so, or it reads nothing else, or it names the node as its model. */
function isOn(test: Json, node: Json): boolean {
  const id = node['unique_id']
  if (text(test['attached_node']) !== undefined) return test['attached_node'] === id
  const reads = texts(object(test['depends_on'])['nodes'])
  if (!reads.includes(String(id))) return false
  if (reads.length === 1) return true
  const model = String(object(object(test['test_metadata'])['kwargs'])['model'] ?? '')
  return model.includes(`'${String(node['name'])}'`) || model.includes(`"${String(node['name'])}"`)
}

const plain = /^[\p{L}_][\p{L}\p{N}_$]*$/u

/** Unique columns, by tests over all rows, by constraints, by `primary_key`, by the key rows are merged on. */
function keysOf(node: Json, config: Json, tests: readonly Json[]): string[][] {
  const found: string[][] = []
  for (const test of tests) {
    const own = object(test['config'])
    // A test of some rows, or one that is switched off, proves nothing.
    if (text(own['where']) !== undefined || own['enabled'] === false) continue
    const metadata = object(test['test_metadata'])
    const given = object(metadata['kwargs'])
    if (metadata['name'] === 'unique') found.push(texts(given['column_name'] ?? test['column_name']))
    if (metadata['name'] === 'unique_combination_of_columns') found.push(texts(given['combination_of_columns']))
  }
  for (const column of Object.values(object(node['columns'])).map(object)) {
    for (const c of list(column['constraints'])) if (isKey(c)) found.push(texts(column['name']))
  }
  for (const c of list(node['constraints'])) if (isKey(c)) found.push(texts(c['columns']))
  found.push(texts(node['primary_key']))
  if (config['materialized'] === 'incremental') found.push(texts(config['unique_key']))
  // Tests may be of expressions: unique: { column_name: "a || b" }.
  const keys = found.filter((k) => k.length > 0 && k.every((c) => plain.test(c)))
  return [...new Map(keys.map((k) => [JSON.stringify(k), k])).values()]
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : [])
const isKey = (constraint: Json): boolean => ['unique', 'primary_key'].includes(String(constraint['type']))
