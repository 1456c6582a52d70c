import { z } from 'zod'

/** Which logged predictions are meant. */
export const chosenOptions = {
  from: z.string().optional().meta({ value: 'instant', description: 'Predictions as of this instant or later' }),
  until: z.string().optional().meta({ value: 'instant', description: 'Predictions as of an instant before this one' }),
}

export const deploymentOption = z
  .string()
  .optional()
  .meta({ value: 'name', description: 'Predictions of a deployment, schema.name' })
