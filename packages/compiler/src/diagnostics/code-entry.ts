/** What a code says. */
export interface CodeEntry {
  readonly severity: 'error' | 'warning'
  readonly message: (p: Readonly<Record<string, string>>) => string
  readonly hint: (p: Readonly<Record<string, string>>) => string | undefined
}

export const near = (p: Readonly<Record<string, string>>): string | undefined =>
  p.near ? `Did you mean "${p.near}"?` : undefined

export const entry = (
  message: CodeEntry['message'],
  hint: CodeEntry['hint'] = () => undefined,
  severity: CodeEntry['severity'] = 'error',
): CodeEntry => ({ severity, message, hint })
