import { z } from 'zod'

/** Options every command takes. */
export const globalOptions = z.object({
  config: z
    .string()
    .optional()
    .meta({ value: 'file', description: 'Configuration to use instead of the viewcast.config.ts found upwards' }),
  database: z.string().optional().meta({
    value: 'target',
    description:
      'postgres://… or a directory for the embedded engine; wins over VIEWCAST_DATABASE and the configuration',
  }),
  env: z.string().optional().meta({
    value: 'name',
    description: 'Environment of the configuration: its database and schema; wins over VIEWCAST_ENV',
  }),
  json: z.boolean().default(false).describe('One JSON object on stdout, errors too; progress as JSON lines on stderr'),
  quiet: z.boolean().default(false).meta({ short: 'q', description: 'No progress and no notes' }),
  verbose: z
    .boolean()
    .default(false)
    .meta({ short: 'v', description: 'Stacks of internal errors, notices of the server' }),
  noColor: z.boolean().default(false).describe('No colours (also: NO_COLOR=1; FORCE_COLOR=1 asks for them)'),
  help: z.boolean().default(false).meta({ short: 'h', description: 'This text' }),
  version: z.boolean().default(false).meta({ short: 'V', description: 'Version of viewcast' }),
})
export type GlobalFlags = z.output<typeof globalOptions>
