/** The rows of a project's `.sql` files as TypeScript: `sql.gen.ts`. */
import type { Catalog, Nullability } from '@viewcast/compiler'
import { compare, docText, property, written } from './names.ts'
import { aliases, typeScript } from './type-script.ts'

/** A column as a query returns it. */
export interface ResultColumn {
  readonly name: string
  /** pg_type.typname; of a domain, the type it stands on. */
  readonly type: string
  readonly nullability: Nullability
}

export interface SqlFile {
  /** As the project names it, from its own directory. */
  readonly path: string
  readonly comment?: string
  readonly columns: readonly ResultColumn[]
}

/**
 * Writes the interface `SqlFiles`, a row per file, for `project<DB, SqlFiles>(…)`. Sorted by path and column.
 *
 * ```ts
 * export interface SqlFiles {
 *   // The last order of each customer.
 *   "views/recency.sql": {
 *     customer_id: number
 *     days: number | null
 *   }
 * }
 * ```
 */
export function printSqlFiles(files: readonly SqlFile[], catalog: Pick<Catalog, 'enums'>): string {
  const sorted = [...files].sort((a, b) => compare(a.path, b.path))
  const names = aliases(sorted.flatMap((f) => f.columns.map((c) => typeScript(c.type, catalog))))
  const entries = sorted.flatMap((file) => [
    ...(file.comment === undefined ? [] : [`  /** ${docText(file.comment)} */`]),
    `  ${JSON.stringify(file.path)}: {`,
    ...[...file.columns]
      .sort((a, b) => compare(a.name, b.name))
      .map((c) => {
        const type = typeScript(c.type, catalog)
        return `    ${property(c.name)}: ${c.nullability === 'never' ? type : `${type} | null`}`
      }),
    '  }',
  ])
  const body =
    entries.length === 0 ? ['export type SqlFiles = object'] : ['export interface SqlFiles {', ...entries, '}']
  return `${[[written, ...names].join('\n'), body.join('\n')].join('\n\n')}\n`
}
