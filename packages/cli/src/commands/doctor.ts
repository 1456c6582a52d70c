import { isAbsolute } from 'node:path'
import type { Project } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, type Invocation } from '../command.ts'
import { loadSettings } from '../config/load.ts'
import { loadProject } from '../config/project.ts'
import type { Setting, Settings } from '../config/resolve.ts'
import { exit } from '../failure.ts'
import { withDatabase } from '../open.ts'
import { type Check, renderChecks } from '../render/checks.ts'
import { shown } from '../render/path.ts'

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'Look for what is wrong with configuration, project and database',
  description:
    'Shows each setting with its origin, loads the project, connects, and asks the database whether every definition compiles and every index is there. Reads only. Exit code 1 when something is wrong.',
  positionals: [],
  options: z.object({}),
  examples: [
    { command: 'viewcast doctor', description: 'Everything' },
    { command: 'viewcast doctor --database postgres://localhost/shop', description: 'Another database' },
  ],
  async run(invocation) {
    const checks = await examine(invocation)
    const ok = checks.every((c) => c.ok)
    await invocation.output.result({ ok, checks }, (colors) => renderChecks(checks, colors))
    return ok ? exit.ok : exit.failed
  },
})

async function examine(invocation: Invocation): Promise<Check[]> {
  const { globals, io } = invocation
  const checks: Check[] = []
  const attempt = async <T>(name: string, body: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await body()
    } catch (error) {
      checks.push(await failed(name, error))
      return undefined
    }
  }
  const settings = await attempt('configuration', () => loadSettings(globals, io))
  if (settings === undefined) return checks
  checks.push(...(await settingChecks(settings, io.cwd)))
  let project: Project | undefined
  if (settings.configFile !== undefined) {
    project = await attempt('project', () => loadProject(settings, io.cwd))
    if (project !== undefined)
      checks.push({ name: 'project', ok: true, detail: `${project.definitions.size} definitions` })
  }
  const report = await attempt('connection', () =>
    withDatabase(invocation, settings, async (db) => {
      const { doctor } = await import('@viewcast/sdk')
      return await doctor(db, project)
    }),
  )
  return [...checks, ...(report?.checks ?? [])]
}

async function settingChecks(settings: Settings, cwd: string): Promise<Check[]> {
  const { redact } = await import('@viewcast/sdk')
  const place = (path: string): string => (isAbsolute(path) ? shown(path, cwd) : path)
  const said = (name: string, setting: Setting<unknown>, value: string): Check => ({
    name,
    ok: true,
    detail: `${value}  (${setting.origin})`,
  })
  const target = settings.database.value
  return [
    settings.configFile === undefined
      ? {
          name: 'configuration',
          ok: false,
          detail: 'no viewcast.config.ts here or above',
          hint: 'Run: viewcast init, or pass --config.',
        }
      : { name: 'configuration', ok: true, detail: place(settings.configFile) },
    ...(settings.environment.value === ''
      ? []
      : [said('environment', settings.environment, settings.environment.value)]),
    said('directory', settings.directory, place(settings.directory.value)),
    // An unset variable is reported by the connection, with its own code.
    ...(target.kind === 'unset' ? [] : [said('database', settings.database, place(redact(target.target)))]),
  ]
}

async function failed(name: string, error: unknown): Promise<Check> {
  const { isViewcastError, renderDiagnostics } = await import('@viewcast/sdk')
  if (!isViewcastError(error)) throw error
  return { name, ok: false, detail: renderDiagnostics(error.diagnostics) }
}
