import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { MigrationFile } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { withStoreToAsk } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { writeWhole } from '../render/file.ts'
import { placeOf } from './planned.ts'

export const exportDeploymentCommand = defineCommand({
  name: 'export-deployment',
  summary: 'Write a deployment for a migration tool, or as one file of SQL',
  description:
    'Nothing is deployed. --migration writes what is between the declaration and the database, up and down; down leaves exactly what is there now. --sql writes all of it: where it comes from, the hash of its statements, what it reads, its coefficients, the statements, and the self-test of the model; psql -v ON_ERROR_STOP=1 -f runs it in one transaction, and a changed coefficient makes it fail.',
  positionals: [{ name: 'deployment', description: 'declared deployment', required: true }],
  options: z.object({
    migration: z.string().optional().meta({ value: 'folder', description: 'Write migration files into this folder' }),
    style: z
      .enum(['pair', 'dbmate', 'node-pg-migrate', 'flyway'])
      .optional()
      .describe('How the files are named and divided; pair, which is .up.sql and .down.sql, when absent'),
    sql: z.string().optional().meta({ value: 'file', description: 'Write one file of SQL' }),
    createSchema: z.boolean().default(false).describe('Make the schema of the deployment where it is missing'),
  }),
  examples: [
    { command: 'viewcast export-deployment reorder_now --migration migrations', description: 'Two files: up, down' },
    {
      command: 'viewcast export-deployment reorder_now --migration db/migrations --style dbmate',
      description: 'One file with two sections',
    },
    { command: 'viewcast export-deployment reorder_now --sql reorder_now.sql', description: 'For psql' },
  ],
  run: (invocation) => {
    const { migration, style, sql, createSchema } = invocation.options
    if ((migration === undefined) === (sql === undefined))
      throw new UsageError('say what to write: --migration or --sql')
    if (style !== undefined && migration === undefined) throw new UsageError('--style is of --migration')
    return withStoreToAsk(invocation, async ({ settings, project, store }) => {
      const { io, output } = invocation
      const { deploymentArtefact, deploymentMigration, fail, loadModel, planProject } = await import('@viewcast/sdk')
      const name = positional(invocation, 'deployment')
      const directory = settings.directory.value
      const plan = await planProject(store, project, {
        ...placeOf(settings),
        ...(createSchema ? { createSchema } : {}),
        names: [name],
        models: directory,
        sample: 0,
      })
      const change = plan.changes.find((c) => c.name === name && c.to)
      const def = project.deployments.get(name)
      // It is deployed, and declared no more.
      if (!change || !def) return fail('deploy/unknown', { name })
      await output.warn(change.warnings)
      let files: readonly MigrationFile[]
      if (migration === undefined) {
        const { record } = await loadModel(store, directory, def.model.name, change.to?.version)
        const about = { def, record, environment: plan.environment, directory: project.directory }
        files = [{ name: sql ?? '', content: await deploymentArtefact(store, change, about) }]
      } else {
        files = await deploymentMigration(store, change, style === undefined ? {} : { style })
        await mkdir(resolve(io.cwd, migration), { recursive: true })
      }
      const written: string[] = []
      for (const file of files) {
        const path = join(migration ?? '', file.name)
        await writeWhole(resolve(io.cwd, path), file.content)
        written.push(path)
      }
      const { class: kind, strategy } = change
      await output.result({ deployment: name, class: kind, strategy, files: written }, () => `${written.join('\n')}\n`)
      return 0
    })
  },
})
