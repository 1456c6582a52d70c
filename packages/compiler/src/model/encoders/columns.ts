import type { LearnedInput } from '../../ir/learned-encoder.ts'
import { basisSuffixes } from './basis.ts'

/** One column of the design matrix. */
export interface EncodedColumn {
  /**
   * `distance`, `state=CA`, `distance?` where a value is missing, `state*` for the rare levels, `distance^2` of a
   * polynomial, `distance[10,20)` of bins, `distance~3` of a spline, `state#7` of a hash, `a:b` of an interaction.
   */
  readonly name: string
  /** Of an interaction, its name: `a:b`. */
  readonly feature: string
}

/**
 * Names of the encoded columns, in the order of the coefficients (the intercept, which comes first, not included): those
 * of the inputs, then those of the interactions.
 */
export function encodedColumns(
  inputs: readonly LearnedInput[],
  interactions: readonly (readonly string[])[] = [],
): EncodedColumn[] {
  return [
    ...inputs.flatMap((input) => columnNames(input).map((name) => ({ name, feature: input.feature }))),
    ...interactions.flatMap((features) => {
      const own = features.map((f) => inputs.filter((i) => i.feature === f).flatMap(columnNames))
      return products(own).map((names) => ({ name: names.join(':'), feature: features.join(':') }))
    }),
  ]
}

/** Names of the columns of an input. */
function columnNames({ feature, encoder }: LearnedInput): string[] {
  const missing = `${feature}?`
  switch (encoder.kind) {
    case 'numeric': {
      const suffixes = encoder.basis === undefined ? [''] : basisSuffixes(encoder.basis)
      return [...suffixes.map((s) => `${feature}${s}`), ...(encoder.indicator ? [missing] : [])]
    }
    case 'onehot':
      return [
        ...encoder.levels.map((level) => `${feature}=${level}`),
        ...(encoder.rare === undefined ? [] : [`${feature}*`]),
        ...(encoder.missing === 'level' ? [missing] : []),
      ]
    case 'boolean':
      return encoder.missing === 'level' ? [feature, missing] : [feature]
    case 'levels':
    case 'raw':
      return [feature]
    case 'hashed': {
      const columns = Array.from({ length: encoder.columns }, (_, i) => `${feature}#${i}`)
      return encoder.missing === 'level' ? [...columns, missing] : columns
    }
  }
}

/** Every choice of one item of each list, the last varying fastest. */
export const products = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((chosen) => list.map((item) => [...chosen, item])), [[]])
