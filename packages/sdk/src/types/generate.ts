/** Kysely's `DB` interface from a catalog. */
import { type Catalog, type CatalogRelation, relationNullability } from '@viewcast/compiler'
import { compare, docText, property, written } from './names.ts'
import { aliases, typeScript } from './type-script.ts'

export interface TypesOptions {
  /** Relations to include, as `name`, `schema.name` or `schema.*`; all when absent. Fewer tables check faster. */
  readonly include?: readonly string[]
}

/**
 * Writes `db.gen.ts`: one interface per relation and the `DB` interface Kysely takes. Deterministic, sorted by name.
 *
 * A view's column is not null only where its definition proves it; call `loadParser()` before.
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
  const types = relations.flatMap((r) => r.relation.columns.map((c) => typeScript(c.type, catalog)))
  const preamble = [written, ...aliases(types)]
  const interfaces = relations.map(({ relation }, i) => printInterface(names[i] ?? '', relation, catalog))
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

function printInterface(name: string, r: CatalogRelation, catalog: Catalog): string {
  const nullability = new Map(relationNullability(r, catalog).map((c) => [c.name, c.nullability]))
  const comment = r.comment === undefined ? [] : [`/** ${docText(r.comment)} */`]
  const columns = [...r.columns]
    .sort((a, b) => compare(a.name, b.name))
    .flatMap((c) => {
      const type = typeScript(c.type, catalog)
      return [
        ...(c.description === undefined ? [] : [`  /** ${docText(c.description)} */`]),
        `  ${property(c.name)}: ${nullability.get(c.name) === 'never' ? type : `${type} | null`}`,
      ]
    })
  return [...comment, `export interface ${name} {`, ...columns, '}'].join('\n')
}

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
