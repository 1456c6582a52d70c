import { PostgresQueryCompiler } from 'kysely'
import { quoteIdentifier } from '../../emit/identifier.ts'
import { quoteText } from '../../emit/text-literal.ts'
import { printValue } from './value.ts'

/**
 * Kysely's PostgreSQL compiler, with values written out instead of bound and plain identifiers left bare.
 *
 * The four methods are protected members of Kysely, outside its promise of compatibility: hence the exact version in
 * the workspace and the test beside this file.
 */
export class InliningCompiler extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    this.append(printValue(value))
  }

  protected override appendImmediateValue(value: unknown): void {
    this.append(printValue(value))
  }

  protected override appendStringLiteral(value: string): void {
    this.append(quoteText(value))
  }

  protected override visitIdentifier(node: { readonly kind: 'IdentifierNode'; readonly name: string }): void {
    this.append(quoteIdentifier(node.name))
  }
}
