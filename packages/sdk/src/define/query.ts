import { compileOnlyKysely, kyselyText, type ViewQuery } from '@viewcast/compiler'
import type { Kysely } from 'kysely'
import type { Unless } from './problem.ts'

/** What a view's callback gets: a Kysely instance that builds queries and has no connection. */
export interface Scope<DB> {
  readonly db: Kysely<DB>
}

/** The schema of a view that is asked through `spine`: the project's tables, and one row per question. */
export type WithSpine<DB, Keys> = DB & { spine: Keys & { as_of: Date } }

/**
 * A Kysely select, or a whole statement in the `sql` tag: ``sql<{ iata: string; n: number }>`select …` ``.
 *
 * Told by their members and not by Kysely's names, so that the row is read from a position where it is used.
 */
export type SelectQuery =
  | { toOperationNode(): { readonly kind: 'SelectQueryNode' }; execute(): Promise<readonly object[]> }
  | {
      toOperationNode(): { readonly kind: 'RawNode' }
      execute(executor: never): Promise<{ readonly rows: readonly unknown[] }>
    }

/** The row of a select. */
export type RowOfQuery<Q> = Q extends { execute(...executor: never): Promise<infer Result> }
  ? Result extends readonly (infer Row)[]
    ? Row
    : Result extends { readonly rows: readonly (infer Row)[] }
      ? Row
      : never
  : never

/** Nothing when the row has all columns asked for; the sentence about the missing ones otherwise. */
export type HasColumns<Row, Required extends string, Sentence extends string> = Unless<
  Exclude<Required, keyof Row>,
  `${Sentence} "${Exclude<Required, keyof Row>}"`
>

/** Runs a view's callback and keeps its SQL; `view` names it in messages. */
export function queryOf(build: (scope: never) => SelectQuery, view: string): ViewQuery {
  const scope: Scope<unknown> = { db: compileOnlyKysely() }
  return { kind: 'sql', text: kyselyText(build(scope as never), view), origin: { kind: 'kysely' } }
}
