import type { RootOperationNode } from 'kysely'
import { fail, isViewcastError, ViewcastError } from '../../diagnostics/diagnostic.ts'
import { InliningCompiler } from './inlining-compiler.ts'

/** A Kysely select builder, or a whole statement in Kysely's `sql` tag. */
export interface KyselyQuery {
  toOperationNode(): { readonly kind: string }
}

/**
 * A Kysely query as PostgreSQL text with every value written into it; `view` names it in messages.
 *
 * Errors: `sql/not-a-select` for anything but a SELECT; `compile/literal` for a value that cannot be written;
 * `compile/identifier` for a name PostgreSQL cannot keep.
 *
 * ```ts
 * kyselyText(db.selectFrom('flights').select('origin').where('delay', '>', 15), 'view "late"')
 * ```
 * ```sql
 * select origin from flights where delay > 15
 * ```
 */
export function kyselyText(query: KyselyQuery, view: string): string {
  const node = query.toOperationNode()
  if (node.kind !== 'SelectQueryNode' && node.kind !== 'RawNode') fail('sql/not-a-select', { view })
  try {
    return new InliningCompiler().compileQuery(node as RootOperationNode, { queryId: view }).sql
  } catch (e) {
    throw isViewcastError(e) ? placed(e, view) : e
  }
}

/** The tree of a query has no lines, so the view is all a message can point at. */
function placed(error: ViewcastError, view: string): ViewcastError {
  const location = { file: `${view} (kysely)`, line: 1, column: 1 }
  return new ViewcastError(
    error.diagnostics.map((d) => ({ ...d, location })),
    { cause: error },
  )
}
