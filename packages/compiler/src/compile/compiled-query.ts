import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Column } from '../ir/type.ts'

/** A statement the compiler wrote. */
export interface CompiledQuery {
  /** The text: header, WITH, SELECT; no parameters, no trailing semicolon. */
  readonly sql: string
  readonly columns: readonly Column[]
  readonly warnings: readonly Diagnostic[]
}
