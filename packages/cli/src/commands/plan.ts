import { resolve } from 'node:path'
import type { Plan, PlannedChange } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand } from '../command.ts'
import { exit } from '../failure.ts'
import { withStore, withStoreToAsk } from '../open.ts'
import { outOption, versionOption } from '../parse/values.ts'
import { writeWhole } from '../render/file.ts'
import { insightsOf } from '../render/insight.ts'
import { planScreen } from '../render/plan.ts'
import { planned, planOptions } from './planned.ts'

export const planCommand = defineCommand({
  name: 'plan',
  summary: 'Show what would change in the database so that it has what is declared',
  description:
    'A dry run on the database itself: every query is made a temporary view, described and planned by the engine, and rolled back. + is added, ~ computes otherwise or has more columns, ! takes something from its readers, - goes, = is who may read it. Exit code 1 when something stands in the way.',
  positionals: [{ name: 'deployment', description: 'only these; all that are declared when absent', required: false }],
  takesMore: true,
  options: z.object({
    out: outOption.describe('Save the plan, for: viewcast apply <file>'),
    diff: z.boolean().default(false).describe('Show what changes in the query, and what was edited by hand'),
    sql: z.boolean().default(false).describe('Print the statements instead'),
    all: z.boolean().default(false).describe('Also what is as declared'),
    detailedExitcode: z
      .boolean()
      .default(false)
      .describe('Exit code 3 when changes are pending, 0 when there are none'),
    from: z.string().optional().meta({
      value: 'name',
      description: 'Plan what is live in this environment, with its versions, for the one of --env',
    }),
    ...planOptions,
    version: versionOption,
  }),
  examples: [
    { command: 'viewcast plan', description: 'Everything that is declared' },
    { command: 'viewcast plan --env production --out plan.json', description: 'Save it, for review and apply' },
    { command: 'viewcast plan delay15_now --diff', description: 'One deployment, with what changes in its query' },
    { command: 'viewcast plan --sample 100000', description: 'Compare the predictions of more keys' },
    {
      command: 'viewcast plan delay15@3 --as view --name scoring.delay15',
      description: 'A model that is not declared',
    },
    {
      command: 'viewcast plan --env production --from staging',
      description: 'What is live in staging, for production',
    },
    { command: 'viewcast plan --detailed-exitcode || echo pending', description: 'In a job' },
  ],
  run: (invocation) => {
    // What is promoted is registered where it is to be.
    const withOne = invocation.options.from === undefined ? withStoreToAsk : withStore
    return withOne(invocation, async (opened) => {
      const { printPlan } = await import('@viewcast/sdk')
      const { io, options, output, positionals, more } = invocation
      const names = [positionals['deployment'], ...more].filter((name) => name !== undefined)
      const plan = await planned(opened, { ...options, names, signal: io.signal }, invocation)
      output.progress.clear()
      await output.warn(plan.changes.flatMap((c) => c.warnings))
      if (options.out !== undefined) {
        await writeWhole(resolve(io.cwd, options.out), printPlan(plan))
        await output.note(`saved: ${options.out}`)
      }
      await shown(invocation, plan)
      if (plan.changes.some((c) => c.blockers.length > 0)) return exit.failed
      const isPending = plan.changes.some((c) => c.class !== 'none')
      return isPending && options.detailedExitcode ? exit.pending : exit.ok
    })
  },
})

type PlanInvocation = Parameters<typeof planCommand.run>[0]

async function shown({ options, output }: PlanInvocation, plan: Plan): Promise<void> {
  const { printPlan, renderDiagnostics } = await import('@viewcast/sdk')
  if (options['sql'] === true && !output.json) {
    await output.write(statements(plan))
    return
  }
  await output.result(JSON.parse(printPlan(plan)), (colors) =>
    planScreen(plan, {
      colors,
      all: options['all'] === true,
      insight: insightsOf(colors),
      say: ({ blockers }) => (blockers.length === 0 ? '' : renderDiagnostics(blockers, colors)),
      ...(options['diff'] === true ? { diff: differences } : {}),
    }),
  )
}

const differences = ({ difference = '', edited = '' }: PlannedChange): string =>
  [edited, difference].filter(Boolean).join('\n')

/** In the order they are run: objects leave their places last, after everything that takes time. */
function statements({ changes }: Plan): string {
  const parts = [
    ...changes.map((c) => [c, c.statements] as const),
    ...changes.map((c) => [c, c.exchange?.statements ?? []] as const),
  ]
  return parts
    .filter(([, list]) => list.length > 0)
    .map(
      ([c, list]) =>
        `-- ${c.class} ${c.object.schema}.${c.object.name}\n${list.map((sql) => `${sql.replace(/;?\s*$/, '')};\n`).join('')}`,
    )
    .join('\n')
}
