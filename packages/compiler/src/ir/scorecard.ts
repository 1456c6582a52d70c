/** A scorecard: the log-odds of a binomial model as points that add up. */
import { z } from 'zod'

const scale = {
  /** Points where the odds are `odds`. */
  base: z.number(),
  /** Odds of a good outcome to a bad one. */
  odds: z.number().positive(),
  /** Points after which the odds are twice as high. */
  doubles: z.number().positive(),
  /** The value of the label that is good: which more points speak for. */
  good: z.boolean(),
  /** Whether the points of each attribute are whole numbers. */
  rounded: z.boolean(),
}

/** What a model declares. */
export type ScorecardSpec = Readonly<z.infer<z.ZodObject<typeof scale>>>

export const scorecardSchema = z.strictObject({
  ...scale,
  /** Points of each coefficient, in their order; those of the intercept are what every row begins with. */
  points: z.array(z.number()).min(1),
})
export type Scorecard = z.infer<typeof scorecardSchema>
