/** Ids as MLflow writes them: 32 hexadecimal digits for a run. */

export const hexOf = (uuid: string): string => uuid.replaceAll('-', '')

/** The UUID of 32 hexadecimal digits, with or without dashes; undefined for anything else. */
export function uuidOf(text: string): string | undefined {
  const digits = text.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Milliseconds since 1970 of a timestamp column, as SQL. */
export const milliseconds = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)::bigint`
