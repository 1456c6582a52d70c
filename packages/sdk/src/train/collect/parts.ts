/** Values of the store's last column. */
export const parts = { train: 0, test: 1, validation: 2 } as const
export type Part = keyof typeof parts

/** Rows of the training query that are in no part, by the first reason that holds. */
export interface LeftOut {
  /** Their outcome is not complete. */
  readonly censored: number
  /** The split puts them into no part: they are in its gap, or their outcome reaches into the next part. */
  readonly gap: number
  /** Their label is NULL. */
  readonly unlabelled: number
  /** Their weight is 0. */
  readonly weightless: number
  /** An input is missing whose encoder says that it then has no score. Absent where there are none. */
  readonly missing?: number
}
