/** How an input is to be encoded; what an encoder learns from data is in `learned-encoder.ts`. */
export type EncoderSpec =
  | {
      readonly kind: 'numeric'
      /** Subtract the mean and divide by the standard deviation. */
      readonly standardize: boolean
      readonly transform: 'identity' | 'log1p'
      readonly impute: 'mean' | 'median' | number
      /** Add a column that is 1 where the value was missing. */
      readonly indicator: boolean
    }
  | {
      readonly kind: 'onehot'
      /** Levels kept, most frequent first; the rest share the base level. */
      readonly maxCategories: number
      /** Levels seen in fewer rows than this share the base level. */
      readonly minCount: number
    }
  | { readonly kind: 'boolean' }
