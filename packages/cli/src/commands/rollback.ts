import type { PlannedChange } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { exit } from '../failure.ts'
import { withStoreToAsk, withStoreToWrite } from '../open.ts'
import { secondsOption } from '../parse/values.ts'
import { type Colors, plainColors } from '../render/palette.ts'

export const rollbackCommand = defineCommand({
  name: 'rollback',
  summary: 'Bring an earlier version of a deployment back',
  description:
    'In one transaction that readers do not notice. A version that was put aside, by a swap or a removal, comes back as it was left, with its data and grants; any other is made again from its text. The rows kept with its model are scored first. Without --to it is the version that was live before the last change, so that a second rollback takes the first one back.',
  positionals: [
    {
      name: 'deployment',
      description: 'name of the declaration, or of the object: scoring.delay15_now',
      required: true,
    },
  ],
  options: z.object({
    to: z.coerce.number().int().positive().optional().meta({
      value: 'n',
      expects: 'a version number',
      description: 'Version of the deployment; the one before when absent',
    }),
    exact: z
      .boolean()
      .default(false)
      .describe('Exactly its columns: no empty ones for those that came later, by a new object if need be'),
    leaveDependents: z
      .boolean()
      .default(false)
      .describe('Let what others made of the object stay with it, when it is put aside'),
    overwriteEdited: z.boolean().default(false).describe('What was edited by hand may be overwritten'),
    plan: z.boolean().default(false).describe('Show what would be done, and do nothing'),
    sql: z.boolean().default(false).describe('With --plan: the statements, whole'),
    reason: z.string().optional().meta({ value: 'text', description: 'Why, as the history has it' }),
    lockTimeout: secondsOption.meta({ value: 'seconds', description: 'How long to wait for a lock at a time' }),
  }),
  examples: [
    { command: 'viewcast rollback delay15_now --reason "AUC fell"', description: 'To the version before' },
    { command: 'viewcast rollback scoring.delay15_now --to 3 --plan', description: 'Look first' },
    { command: 'viewcast rollback delay15_now --to 3 --exact', description: 'With the columns of version 3 alone' },
  ],
  run: (invocation) =>
    (invocation.options.plan ? withStoreToAsk : withStoreToWrite)(invocation, async ({ settings, project, store }) => {
      const { findDeployment, loadModel, planRollback, renderDiagnostics, rollbackRecorded } = await import(
        '@viewcast/sdk'
      )
      const { io, options, output } = invocation
      const environment = settings.environment.value || undefined
      const { object, name } = await findDeployment(store, positional(invocation, 'deployment'), environment)
      const wanted = {
        record: async (model: string, version: number) =>
          (await loadModel(store, settings.directory.value, model, version)).record,
        isExact: options.exact,
        leaveDependents: options.leaveDependents,
        overwriteEdited: options.overwriteEdited,
        signal: io.signal,
        ...(options.to === undefined ? {} : { to: options.to }),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.lockTimeout === undefined ? {} : { lockTimeout: 1000 * options.lockTimeout }),
      }
      output.progress.step(`roll back ${object.schema}.${object.name}`)
      const plan = options.plan
        ? await planRollback(store, object, wanted)
        : (await rollbackRecorded(store, object, wanted)).plan
      output.progress.clear()
      const [change] = plan.changes
      await output.warn(change?.warnings ?? [])
      await output.result(plan, (colors) => (change ? told(change, options.plan, options.sql, colors) : ''))
      if (!options.plan && change !== undefined && change.class !== 'none' && project.deployments.has(name)) {
        await output.note(
          `the declaration of ${name} is what it was: the next apply goes forward again, until the project says what is live now`,
        )
      }
      if (!options.plan || !change || change.blockers.length === 0) return exit.ok
      await output.note(renderDiagnostics(change.blockers, plainColors))
      return exit.failed
    }),
})

/** A query of hundreds of lines would leave nothing else on the screen. */
function shortened(sql: string, hasSql: boolean): string {
  const [first = '', ...more] = sql.split('\n')
  return hasSql || more.length < 5 ? `${sql};` : `${first} … ${more.length} lines more, with --sql`
}

function told(change: PlannedChange, isPlan: boolean, hasSql: boolean, colors: Colors): string {
  const { object, to, from, exchange, strategy } = change
  const name = `${object.schema}.${object.name}`
  if (change.class === 'none') return `${name} is ${versionText(to)} already\n`
  const kept = exchange?.keptAt
  const done = isPlan ? 'would be rolled back' : colors.good('rolled back')
  const lines = [
    `${done}  ${change.as} ${name}: ${versionText(to)}  ${colors.dim(`(${strategy})`)}`,
    ...(kept ? [`  ${versionText(from)} ${isPlan ? 'would be' : 'is'} kept as ${kept.schema}.${kept.name}`] : []),
    ...change.columns.filter((c) => c.change !== 'kept').map((c) => columnText(c, colors)),
    ...(isPlan ? [...change.statements, ...(exchange?.statements ?? [])].map((sql) => shortened(sql, hasSql)) : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function versionText(version: PlannedChange['to']): string {
  if (!version) return 'what is there'
  const { deployment, model } = version
  return `${deployment === null ? '' : `version ${deployment}, `}model ${model} version ${version.version}`
}

function columnText(column: PlannedChange['columns'][number], { dim }: Colors): string {
  const was = column.was === undefined ? '' : ` ${dim(`${column.was} → ${column.type}`)}`
  const stays = column.tombstone === undefined ? '' : ` ${dim('stays, as NULLs')}`
  return `  ${column.change} ${column.name}${was}${stays}`
}
