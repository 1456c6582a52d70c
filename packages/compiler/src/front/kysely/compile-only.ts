import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector } from 'kysely'
import { InliningCompiler } from './inlining-compiler.ts'

/**
 * A Kysely instance for building queries only: it has no connection, executing gives no rows, and `compile()` gives
 * the text with all values written out.
 *
 * ```ts
 * compileOnlyKysely<DB>().selectFrom('flights').select('origin').limit(5).compile().sql
 * ```
 * ```sql
 * select origin from flights limit 5
 * ```
 */
export function compileOnlyKysely<DB>(): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new InliningCompiler(),
    },
  })
}
