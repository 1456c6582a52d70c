/** Finds, loads and checks the configuration. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import type { GlobalOptions } from '../command.ts'
import type { Io } from '../io.ts'
import { shown } from '../render/path.ts'
import type { Config } from './define.ts'
import { findConfig } from './discover.ts'
import { loadModule } from './modules.ts'
import { openLineageSchema } from './open-lineage.ts'
import { chosenEnvironment, resolveSettings, type Settings } from './resolve.ts'

const database = z.union([z.string().min(1), z.strictObject({ env: z.string().min(1) })])

const environment = z.strictObject({
  database: database.optional(),
  schema: z.string().min(1).optional(),
  createSchema: z.boolean().optional(),
})

const schema = z.strictObject({
  project: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  database: database.optional(),
  directory: z.string().min(1).optional(),
  store: z.boolean().optional(),
  environments: z.record(z.string().min(1), environment).optional(),
  openLineage: openLineageSchema.optional(),
})

/** Errors: `project/load` when the file is there and cannot be used; `project/no-environment`. */
export async function loadSettings(globals: GlobalOptions, io: Io): Promise<Settings> {
  const configFile = globals.config === undefined ? findConfig(io.cwd) : await named(globals.config, io)
  const config = configFile === undefined ? undefined : await loadConfig(configFile, io.cwd)
  const flags = { database: globals.database, environment: globals.env }
  const sources = { configFile, config, flags, env: io.env, cwd: io.cwd }
  const chosen = chosenEnvironment(sources)
  const names = Object.keys(config?.environments ?? {})
  if (chosen && !names.includes(chosen.name)) {
    const { fail, nearParameter } = await import('@viewcast/sdk')
    fail('project/no-environment', {
      environment: chosen.name,
      origin: chosen.origin,
      known: names.join(', '),
      ...nearParameter(chosen.name, names),
    })
  }
  return resolveSettings(sources)
}

async function named(path: string, io: Io): Promise<string> {
  const file = resolve(io.cwd, path)
  if (existsSync(file)) return file
  const { fail } = await import('@viewcast/sdk')
  return fail('project/load', { file: path, detail: 'there is no such file' })
}

async function loadConfig(file: string, cwd: string): Promise<Config> {
  const exports = await loadModule(file, resolve(file, '..'), cwd)
  const refuse = async (details: readonly string[]): Promise<never> => {
    const { diagnostic, ViewcastError } = await import('@viewcast/sdk')
    throw new ViewcastError(details.map((detail) => diagnostic('project/load', { file: shown(file, cwd), detail })))
  }
  if (exports['default'] === undefined)
    return refuse(['it has no default export; write export default defineConfig({ … })'])
  const parsed = schema.safeParse(exports['default'])
  if (parsed.success) return parsed.data as Config
  const { nearest } = await import('@viewcast/sdk')
  return refuse(
    parsed.error.issues.map((issue) => {
      const where = issue.path.join('.') || 'the default export'
      if (issue.code !== 'unrecognized_keys' || issue.path[0] === 'openLineage') return `${where}: ${issue.message}`
      const known = Object.keys(issue.path[0] === 'environments' ? environment.shape : schema.shape)
      const near = nearest(issue.keys[0] ?? '', known)
      return `${where}: ${issue.message}${near === undefined ? `; there are: ${known.join(', ')}` : `; did you mean "${near}"?`}`
    }),
  )
}
