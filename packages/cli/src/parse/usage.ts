/** A call that cannot be understood. It becomes the diagnostic `cli/usage` once the SDK, which owns those, is loaded. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** What was typed and what could have been meant; the nearest becomes the hint. */
  readonly misspelt: { readonly name: string; readonly candidates: readonly string[] } | undefined
  readonly hint: string | undefined
  constructor(
    message: string,
    more: { misspelt?: { name: string; candidates: readonly string[] }; hint?: string } = {},
  ) {
    super(message)
    this.misspelt = more.misspelt
    this.hint = more.hint
  }
}
