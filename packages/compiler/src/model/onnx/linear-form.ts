/** Columns of a graph as linear forms of features: what operators that only scale, shift, pick and add come to. */

/** What a form is made of: a number of a feature, or 1 where a feature has a level. */
export type Atom =
  | { readonly kind: 'number'; readonly feature: number; readonly impute?: number }
  | { readonly kind: 'level'; readonly feature: number; readonly level: string }

export interface Form {
  readonly constant: number
  readonly terms: ReadonlyMap<string, { readonly atom: Atom; readonly weight: number }>
}

export const constantForm = (constant: number): Form => ({ constant, terms: new Map() })

export const atomForm = (atom: Atom): Form => ({
  constant: 0,
  terms: new Map([[JSON.stringify(atom), { atom, weight: 1 }]]),
})

export const scaled = (form: Form, by: number): Form => ({
  constant: form.constant * by,
  terms: new Map([...form.terms].map(([k, t]) => [k, { ...t, weight: t.weight * by }])),
})

export function added(a: Form, b: Form): Form {
  const terms = new Map(a.terms)
  for (const [key, t] of b.terms) terms.set(key, { ...t, weight: t.weight + (terms.get(key)?.weight ?? 0) })
  return { constant: a.constant + b.constant, terms }
}

export const isConstant = (form: Form): boolean => form.terms.size === 0

/** The one atom a form is, unscaled; undefined for any other form. */
export function atomOf(form: Form): Atom | undefined {
  const [only] = form.terms.values()
  return form.terms.size === 1 && form.constant === 0 && only?.weight === 1 ? only.atom : undefined
}
