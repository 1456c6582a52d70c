/** The category of an outcome that counts as true: one that says so, else the first. */
export function positiveOf(categories: readonly string[]): string | undefined {
  return categories.find((c) => /^(true|1|1\.0|yes|y|t)$/i.test(c)) ?? categories[0]
}
