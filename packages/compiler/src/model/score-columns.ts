import type { Coefficient, ModelRecord } from '../ir/model-record.ts'

/** Columns of the score stage, one for each score. */
export const scoreColumns = ({ classes }: Pick<ModelRecord, 'classes'>): readonly string[] =>
  classes === undefined ? ['_linear'] : classes.map((_, i) => `_linear_${i + 1}`)

/** Coefficients of each score, intercept first; none for the class the others are compared with. */
export function coefficientsByScore(record: ModelRecord): readonly (readonly Coefficient[])[] {
  const { classes, coefficients } = record
  return classes === undefined ? [coefficients] : classes.map((c) => coefficients.filter((b) => b.class === c))
}
