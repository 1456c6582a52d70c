/** The text of a declared query, whichever way it was declared. */
import { InternalError } from '../../diagnostics/diagnostic.ts'
import type { Catalog } from '../../ir/catalog.ts'
import type { Origin, ViewQuery } from '../../ir/definition.ts'
import { relationQuery, type SqlText } from '../catalog/relation-query.ts'
import type { Speaker } from './parser.ts'

/** Errors: `view/unknown-relation`. Files must have been read before (the SDK does). */
export function viewText(query: ViewQuery, catalog: Catalog, view: string): SqlText {
  switch (query.kind) {
    case 'sql':
      return { text: query.text, origin: query.origin }
    case 'relation':
      return relationQuery(catalog, query.relation, view)
    case 'file':
      throw new InternalError(`${query.path} was compiled before it was read`)
  }
}

/** How messages name a view, and the file their locations point into. */
export const speakerOf = (view: string, origin: Origin): Speaker => ({
  view,
  file: origin.kind === 'file' ? origin.path : view,
})
