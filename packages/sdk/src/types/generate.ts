/** Kysely's `DB` interface from a catalog. */
import type { Catalog, CatalogRelation, Column, SqlType } from '@viewcast/compiler'

export interface TypesOptions {
  /** Relations to include, as `name`, `schema.name` or `schema.*`; all when absent. Fewer tables check faster. */
  readonly include?: readonly string[]
}

/** What the drivers return: int8 and numeric arrive as strings, because a JavaScript number would lose digits. */
const typeScript: Readonly<Record<SqlType, string>> = {
  bool: 'boolean',
  int2: 'number',
  int4: 'number',
  oid: 'number',
  float4: 'number',
  float8: 'number',
  int8: 'Int8',
  numeric: 'Numeric',
  timestamptz: 'Date',
  timestamp: 'Date',
  date: 'Date',
  json: 'Json',
  jsonb: 'Json',
  bytea: 'Uint8Array',
}

const arrives = 'arrives as a string, because a number would lose digits; may be written and compared as any of these.'

/**
 * Writes `db.gen.ts`: one interface per relation and the `DB` interface Kysely takes. Deterministic, sorted by name.
 *
 * @example
 * ```ts
 * export interface Flights {
 *   delay: number | null
 *   departed_at: Date
 * }
 * export interface DB {
 *   flights: Flights
 * }
 * ```
 */
export function generateTypes(catalog: Catalog, options: TypesOptions = {}): string {
  const relations = catalog.relations
    .filter((r) => included(r, options.include))
    .map((r) => ({ relation: r, key: keyOf(r, catalog) }))
    .sort((a, b) => compare(a.key, b.key))
  const names = interfaceNames(relations.map((r) => r.key))
  const uses = (type: string) => relations.some((r) => r.relation.columns.some((c) => typeOf(c).includes(type)))
  const preamble = [
    '// Written by `viewcast types`. Do not edit: run it again after the database changes.',
    ...(uses('Int8') ? [`/** int8: ${arrives} */`, 'export type Int8 = string | number | bigint'] : []),
    ...(uses('Numeric') ? [`/** numeric: ${arrives} */`, 'export type Numeric = string | number | bigint'] : []),
    ...(uses('Json') ? ['export type Json = unknown'] : []),
  ]
  const interfaces = relations.map(({ relation }, i) => printInterface(names[i] ?? '', relation))
  const db = ['export interface DB {', ...relations.map(({ key }, i) => `  ${property(key)}: ${names[i]}`), '}']
  return `${[preamble.join('\n'), ...interfaces, db.join('\n')].join('\n\n')}\n`
}

function included(r: CatalogRelation, include: readonly string[] | undefined): boolean {
  if (r.schema === 'viewcast') return false
  if (include === undefined || include.length === 0) return true
  return include.some((i) => i === r.name || i === `${r.schema}.${r.name}` || i === `${r.schema}.*`)
}

/** As Kysely names it: bare in the first schema of the search path, `schema.name` elsewhere. */
const keyOf = (r: CatalogRelation, catalog: Catalog): string =>
  catalog.searchPath.includes(r.schema) ? r.name : `${r.schema}.${r.name}`

function printInterface(name: string, r: CatalogRelation): string {
  const comment = r.comment === undefined ? [] : [`/** ${docText(r.comment)} */`]
  const columns = [...r.columns]
    .sort((a, b) => compare(a.name, b.name))
    .flatMap((c) => [
      ...(c.description === undefined ? [] : [`  /** ${docText(c.description)} */`]),
      `  ${property(c.name)}: ${typeOf(c)}${c.nullable ? ' | null' : ''}`,
    ])
  return [...comment, `export interface ${name} {`, ...columns, '}'].join('\n')
}

function typeOf(c: Column): string {
  if (c.type.startsWith('_')) {
    const element = typeScript[c.type.slice(1)] ?? 'string'
    return `${element}[]`
  }
  return typeScript[c.type] ?? 'string'
}

const docText = (text: string): string => text.replaceAll('*/', '* /').replace(/\s+/g, ' ').trim()
const property = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** PascalCase, made unique with a number. */
function interfaceNames(keys: readonly string[]): string[] {
  const taken = new Set(['DB', 'Int8', 'Numeric', 'Json', 'Date', 'Uint8Array'])
  return keys.map((key) => {
    const words = key.split(/[^\p{L}\p{N}]+/u).filter((w) => w !== '')
    const pascal = words.map((w) => w[0]?.toUpperCase() + w.slice(1)).join('')
    const base = /^[\p{L}_$]/u.test(pascal) ? pascal : `Relation${pascal}`
    let name = base
    for (let n = 2; taken.has(name); n++) name = `${base}${n}`
    taken.add(name)
    return name
  })
}
