/** What the leak suite finds. */

/**
 * - `future`: the value changes when the sources are cut at `as_of`;
 * - `late`: the same, because of rows that were known only after `as_of`;
 * - `horizon`: the label changes when the sources are cut where its horizon ends;
 * - `outcome`: the feature is made of a column that only the target should reach;
 * - `too-good`: the feature alone tells the label.
 */
export type LeakKind = 'future' | 'late' | 'horizon' | 'outcome' | 'too-good'

export interface LeakFinding {
  readonly kind: LeakKind
  /** `view "late"`, `target "churned"`, `sample "departures"`. */
  readonly view: string
  /** Feature or label. */
  readonly column: string
  /** Source columns concerned, as `public.flights.landed_at`. */
  readonly sources: readonly string[]
  readonly detail: string
  readonly hint: string
}

export interface LeakCheck {
  readonly name: LeakKind
  readonly ok: boolean
  /** False when there was nothing to look at. */
  readonly ran: boolean
  readonly detail: string
}

export interface LeakPart {
  readonly check: LeakCheck
  readonly findings: readonly LeakFinding[]
}

/** `view "late"` of a feature, or the sample it is a column of. */
export function viewOf(
  bound: {
    readonly dataset: { readonly sample: { readonly name: string } }
    readonly uses: readonly {
      readonly use: { readonly view: { readonly name: string } }
      readonly features: readonly { readonly name: string }[]
    }[]
  },
  feature: string,
): string {
  const use = bound.uses.find((u) => u.features.some((f) => f.name === feature))
  return use ? `view "${use.use.view.name}"` : `sample "${bound.dataset.sample.name}"`
}
