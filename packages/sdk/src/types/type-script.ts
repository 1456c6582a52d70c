/** The TypeScript type of a column in a Kysely interface, from what drivers return for its SQL type. */
import type { Catalog, SqlType } from '@viewcast/compiler'

/** int8 and numeric arrive as strings, because a JavaScript number would lose digits. */
const plain: Readonly<Record<SqlType, string>> = {
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

/** Types whose arrays drivers take apart; an array of any other type arrives as PostgreSQL writes it. */
const inArrays = new Set([...Object.keys(plain), 'text', 'varchar', 'bpchar', 'uuid', 'inet', 'cidr', 'macaddr'])

/** The type of a column without its NULL. A domain is the type it stands on; an enum the union of its labels. */
export function typeScript(type: SqlType, catalog: Pick<Catalog, 'enums'>): string {
  if (type.startsWith('_')) {
    const element = type.slice(1)
    return inArrays.has(element) && !isEnum(element, catalog) ? `${plain[element] ?? 'string'}[]` : 'string'
  }
  return labels(type, catalog) ?? plain[type] ?? 'string'
}

const isEnum = (type: SqlType, { enums = [] }: Pick<Catalog, 'enums'>): boolean => enums.some((e) => e.name === type)

/** Nothing when two schemas have enums of this name that differ: the catalog tells columns' types by name. */
function labels(type: SqlType, { enums = [] }: Pick<Catalog, 'enums'>): string | undefined {
  const unions = enums.filter((e) => e.name === type).map((e) => e.labels.map((l) => JSON.stringify(l)).join(' | '))
  const [first] = unions
  return unions.every((u) => u === first) && first !== '' ? first : undefined
}

const explained = { Int8: 'int8', Numeric: 'numeric' }
const arrives = 'arrives as a string, because a number would lose digits; may be written and compared as any of these.'

/** Declarations of the names {@link typeScript} uses, of those that are in `types`. */
export function aliases(types: readonly string[]): string[] {
  const uses = (name: string) => types.some((t) => t === name || t === `${name}[]`)
  return [
    ...Object.entries(explained).flatMap(([name, sql]) =>
      uses(name) ? [`/** ${sql}: ${arrives} */`, `export type ${name} = string | number | bigint`] : [],
    ),
    ...(uses('Json') ? ['export type Json = unknown'] : []),
  ]
}
