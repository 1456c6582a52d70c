/** What names of a query mean, so far as two texts can be told apart by it: who renames an alias changes nothing. */
import type { Node } from '../../front/sql/parser.ts'
import { list, nameParts } from '../../front/sql/tree.ts'

/** Something in a FROM clause. */
export interface Source {
  /** Unlike any other of the query; printed as a number by order of appearance. */
  readonly id: { readonly source: symbol }
  readonly name: string | undefined
  readonly schema?: string | undefined
  /** Undefined where they are not known. */
  readonly columns: readonly string[] | undefined
  /** Columns that something reads. */
  readonly read: Set<string>
  /** Whether something reads its rows whole. */
  isReadWhole: boolean
}

/** The sources of one FROM clause; further out comes after. */
export type Scopes = readonly (readonly Source[])[]

interface Found {
  readonly sources: readonly Source[]
  /** Undefined for a whole row. */
  readonly column: string | undefined
  /** Whether it is certain that the first source is meant. */
  readonly isCertain: boolean
}

/** Whose column a reference is; every source it may be of, where that is not certain. */
export function ownersOf(reference: Node, scopes: Scopes): Found {
  const fields = nameParts(list(reference, 'fields'))
  const column = fields.at(-1) ?? ''
  if (fields.length > 1) {
    const name = fields.at(-2) ?? ''
    const schema = fields.at(-3)
    for (const level of scopes) {
      const found = level.filter((s) => s.name === name && (schema === undefined || s.schema === schema))
      if (found.length > 0)
        return { sources: found, column: column === '*' ? undefined : column, isCertain: found.length === 1 }
    }
    return { sources: scopes.flat(), column: undefined, isCertain: false }
  }
  if (column === '*') return { sources: scopes[0] ?? [], column: undefined, isCertain: false }
  const open: Source[] = []
  for (const level of scopes) {
    const found = level.filter((s) => s.columns?.includes(column))
    open.push(...level.filter((s) => s.columns === undefined))
    if (found.length > 0)
      return { sources: [...found, ...open], column, isCertain: found.length === 1 && open.length === 0 }
  }
  if (open.length > 0) return { sources: open, column, isCertain: false }
  const row = scopes.flat().find((s) => s.name === column)
  return { sources: row ? [row] : [], column: undefined, isCertain: row !== undefined }
}

/** Notes that a reference is read, and gives what it stands for. */
export function readReference(reference: Node, scopes: Scopes): unknown {
  const { sources, column, isCertain } = ownersOf(reference, scopes)
  for (const s of sources) {
    if (column === undefined) s.isReadWhole = true
    else s.read.add(column)
  }
  const [source] = sources
  return isCertain && source ? { column: [source.id, column ?? '*'] } : { column: nameParts(list(reference, 'fields')) }
}
