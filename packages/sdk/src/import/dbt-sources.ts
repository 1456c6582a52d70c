/** Which nodes of a dbt manifest become views, how each is read, and why the others are left out. */
import { type Catalog, type Diagnostic, diagnostic, findRelation, type RelationName } from '@viewcast/compiler'
import type { KeyClue } from './candidate.ts'
import type { DbtNode } from './dbt-manifest.ts'
import type { Source } from './describe-candidates.ts'

export interface DbtSources {
  readonly sources: readonly Source[]
  readonly findings: readonly Diagnostic[]
}

/**
 * A model that is in the database is declared as what it is there; one that is not, by its compiled SQL in a file of its
 * own.
 *
 * @param folder where such files go, relative to the project
 */
export function dbtSources(nodes: readonly DbtNode[], catalog: Catalog | undefined, folder: string): DbtSources {
  const sources: Source[] = []
  const findings: Diagnostic[] = []
  for (const node of nodes) {
    const one = sourceOf(node, catalog, folder)
    if ('query' in one) sources.push(one)
    else findings.push(one)
  }
  return { sources, findings }
}

function sourceOf(node: DbtNode, catalog: Catalog | undefined, folder: string): Source | Diagnostic {
  const view = `${node.kind} "${node.name}"`
  const out = (detail: string, hint?: string) =>
    diagnostic('import/left-out', { view, detail, ...(hint === undefined ? {} : { hint }) })
  const relation = relationOf(node, catalog)
  const existing = catalog && findRelation(catalog, node.name, node.schema)
  if (!node.enabled) return out('it is disabled in dbt')
  if (node.kind === 'seed') {
    return out(
      'it is a seed, a table of constants',
      `If it holds features: p.existingView('${node.name}', { entity: … }).`,
    )
  }
  if (node.kind === 'model' && node.materialized === 'ephemeral') {
    return out('it is ephemeral: it exists only inside the models that read it')
  }
  if (existing === undefined && node.language !== 'sql') {
    return out(
      `it is written in ${node.language}, and its table is not in the database`,
      `Run dbt run --select ${node.name}.`,
    )
  }
  const common = { name: node.name, place: node.file, ...saidBy(node) }
  if (existing) {
    // A table says nothing of how its rows came to be; the model behind it does.
    const proof = node.kind === 'model' && existing.kind === 'table' ? node.compiled : undefined
    const place = `${existing.schema}.${existing.name}`
    return { ...common, place, query: { kind: 'relation', relation }, ...(proof === undefined ? {} : { proof }) }
  }
  if (node.kind === 'snapshot') {
    return out('its table is not in the database', `Run dbt snapshot --select ${node.name}.`)
  }
  if (node.compiled === undefined) return diagnostic('import/not-compiled', { view })
  const path = `${folder}${node.name}.sql`
  return { ...common, query: { kind: 'file', path }, text: `${node.compiled.trim()}\n` }
}

const relationOf = (node: DbtNode, catalog: Catalog | undefined): RelationName => {
  const found = catalog && findRelation(catalog, node.name)
  return found?.schema === node.schema ? { name: node.name } : { schema: node.schema, name: node.name }
}

function saidBy(node: DbtNode): Omit<Source, 'name' | 'place' | 'query'> {
  const keys = node.keys.map((columns): KeyClue => ({ columns, by: 'dbt' }))
  const common = {
    documented: node.columns,
    tags: node.tags,
    ...(node.description === undefined ? {} : { description: node.description }),
    remarks: node.loadedAt.map((field) => `dbt says its source is loaded at ${field}; rows may be known only then`),
  }
  if (node.kind !== 'snapshot') return { ...common, keys }
  return {
    ...common,
    time: 'dbt_valid_from',
    keys: node.uniqueKey.length > 0 ? [{ columns: [...node.uniqueKey, 'dbt_valid_from'], by: 'dbt' }] : [],
    // When a row was replaced is the future of the row.
    reserved: ['dbt_valid_to', 'dbt_scd_id', 'dbt_updated_at', 'dbt_is_deleted'],
    remarks: [
      ...common.remarks,
      'a row that was deleted at its source counts on: only the start of its validity is asked',
    ],
  }
}
