import type { Field, Lease } from './lease.ts'

export interface TypeName {
  readonly name: string
  readonly isEnum: boolean
}

/** Types whose OIDs never change, so that ordinary queries need no look-up. */
const builtin: readonly (readonly [number, string])[] = [
  [16, 'bool'],
  [17, 'bytea'],
  [18, 'char'],
  [19, 'name'],
  [20, 'int8'],
  [21, 'int2'],
  [23, 'int4'],
  [25, 'text'],
  [26, 'oid'],
  [114, 'json'],
  [700, 'float4'],
  [701, 'float8'],
  [705, 'unknown'],
  [1042, 'bpchar'],
  [1043, 'varchar'],
  [1082, 'date'],
  [1083, 'time'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [1186, 'interval'],
  [1700, 'numeric'],
  [2950, 'uuid'],
  [3802, 'jsonb'],
]

export type TypeNames = ReturnType<typeof typeNames>

/** `pg_type.typname` by OID, remembered per database: OIDs of users' types differ between databases. */
export function typeNames() {
  const known = new Map<number, TypeName>(builtin.map(([oid, name]) => [oid, { name, isEnum: false }]))
  return {
    async lookup(lease: Lease, fields: readonly Field[]): Promise<ReadonlyMap<number, TypeName>> {
      const missing = [...new Set(fields.map((f) => f.oid))].filter((oid) => !known.has(oid))
      if (missing.length > 0) {
        const { rows } = await lease.run(
          `SELECT t.oid::text, coalesce(b.typname, t.typname), coalesce(b.typtype, t.typtype) = 'e'
             FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
            WHERE t.oid = ANY ($1::oid[])`,
          [missing],
        )
        for (const [oid, name, isEnum] of rows) {
          known.set(Number(oid), { name: String(name), isEnum: isEnum === true })
        }
      }
      return known
    },
  }
}
