import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AppliedPlan, Database, Plan, PlannedChange, Store, Waiting } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, type Invocation } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { type Opened, withStoreIfAllowed } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { secondsOption, versionOption } from '../parse/values.ts'
import { insightsOf } from '../render/insight.ts'
import type { Colors } from '../render/palette.ts'
import { planScreen } from '../render/plan.ts'
import { applyWithoutStore } from './apply-without-store.ts'
import { planned, planOptions } from './planned.ts'

const applyOptions = z.object({
  ...planOptions,
  version: versionOption,
  yes: z.boolean().default(false).meta({ short: 'y', description: 'Do not ask' }),
  allowBreaking: z.boolean().default(false).describe('Columns may go, or change their type'),
  allowRemove: z.boolean().default(false).describe('What is declared no more may be put aside'),
  overwriteEdited: z.boolean().default(false).describe('What was edited by hand may be overwritten'),
  lockTimeout: secondsOption.meta({ value: 'seconds', description: 'How long one try waits for locks; default 2' }),
  patience: secondsOption.meta({ value: 'seconds', description: 'How long is tried in all; default 60' }),
  reason: z.string().optional().meta({ value: 'text', description: 'Kept in the history' }),
})

export const applyCommand = defineCommand({
  name: 'apply',
  summary: 'Bring the database to what is declared',
  description:
    'Shows the plan, asks on a terminal, and carries it out in one transaction: all of it or nothing. The rows kept with each model are scored on this engine first, what is new is read from, and locks are held for milliseconds. What viewcast did not make is never touched. A saved plan, and a model that is named with --as, are applied without a question.',
  positionals: [
    {
      name: 'what',
      description: 'deployments, a saved plan.json, or with --as a model: delay15@3; all that is declared when absent',
      required: false,
    },
  ],
  takesMore: true,
  options: applyOptions,
  examples: [
    { command: 'viewcast apply', description: 'Everything that is declared, after a question' },
    { command: 'viewcast apply --yes --allow-breaking', description: 'In a job' },
    { command: 'viewcast apply plan.json', description: 'A plan that was reviewed; refused when the database moved' },
    { command: 'viewcast apply reorder --as view', description: 'A model that is not declared, as the view "reorder"' },
    { command: 'viewcast apply reorder@3 --as view --name scoring.reorder_now', description: 'In another schema' },
  ],
  run: (invocation) => {
    const { options, output, positionals, more } = invocation
    const names = [positionals['what'], ...more].filter((name) => name !== undefined)
    let agreed: Plan | undefined
    const body = async (opened: Opened & { readonly db: Database; readonly store: Store | undefined }) => {
      refuseModel(opened, names, options.as)
      const { store } = opened
      if (store === undefined && opened.settings.store.value && options.as === undefined) {
        // Deployments are kept in the store: why there can be none is what has to be said.
        const { openStoreToWrite } = await import('@viewcast/sdk')
        await openStoreToWrite(opened.db, { project: opened.project.name })
      }
      if (store === undefined) return applyWithoutStore(opened, { ...options, names }, output)
      const { plan, isAsked } = await wanted({ ...opened, store }, names, invocation)
      output.progress.clear()
      const warnings = plan.changes.flatMap((c) => c.warnings)
      await output.warn(warnings)
      if (isAsked && !isSame(plan, agreed) && !(await consent(invocation, plan))) return 1
      const applied = await carriedOut({ ...opened, store }, plan, invocation)
      output.progress.clear()
      const legacy = options.as === 'view' ? ofView(plan, applied, opened.db.description) : {}
      await output.result({ ...legacy, ...applied, warnings: warnings.map(diagnosticData) }, (colors) =>
        screen(applied, colors),
      )
      const next = nextStep(plan, applied)
      if (next !== undefined) await output.note(`next: ${next}`)
      return 0
    }
    return withStoreIfAllowed(invocation, body, async (opened) => {
      agreed = await planWithoutStore(opened, names, invocation)
      return agreed === undefined || (await consent(invocation, agreed)) ? undefined : 1
    })
  },
})

type ApplyInvocation = Invocation<z.output<typeof applyOptions>>
type WithStore = Opened & { readonly db: Store['db']; readonly store: Store }

/** A model is named where a deployment should be: what to make of it is not known. */
function refuseModel({ project }: Opened, names: readonly string[], as: string | undefined): void {
  if (as !== undefined) return
  const model = names.find(
    (name) => !project.deployments.has(name) && project.definitions.get(name.replace(/@.*$/, ''))?.kind === 'model',
  )
  if (model !== undefined) {
    throw new UsageError(`"viewcast apply" needs to know what to make of the model "${model}": --as view`)
  }
}

const isFile = ({ project }: Opened, name: string | undefined): boolean =>
  name !== undefined && /\.json$/.test(name) && !project.deployments.has(name)

/** A saved plan, or one made now; and whether it has been agreed to. */
async function wanted(opened: WithStore, names: readonly string[], invocation: ApplyInvocation) {
  const { io, options } = invocation
  const [file, ...more] = names
  if (file !== undefined && isFile(opened, file)) {
    if (more.length > 0) throw new UsageError('A saved plan is applied alone')
    const { readPlan } = await import('@viewcast/sdk')
    const path = resolve(io.cwd, file)
    const plan = await readPlan(opened.store, existsSync(path) ? path : file, opened.settings.environment.value)
    return { plan, isAsked: false }
  }
  const plan = await planned(opened, { ...options, names, signal: io.signal }, invocation)
  return { plan, isAsked: options.as === undefined && !options.yes }
}

/** What is to be asked about where there is no store yet: who says no has none afterwards. Nobody is waited for meanwhile. */
async function planWithoutStore(
  opened: Opened & { readonly db: Database },
  names: readonly string[],
  invocation: ApplyInvocation,
): Promise<Plan | undefined> {
  const { io, options, output } = invocation
  const { db, settings, project } = opened
  if (options.yes || options.as !== undefined || !settings.store.value || isFile(opened, names[0])) return undefined
  const { storeVersion, withPassingStore } = await import('@viewcast/sdk')
  if ((await storeVersion(db)).applied > 0) return undefined
  refuseModel(opened, names, options.as)
  const plan = await withPassingStore(db, { project: project.name }, (store) =>
    planned({ ...opened, db: store.db, store }, { ...options, names, signal: io.signal }, invocation),
  )
  output.progress.clear()
  return plan
}

/** Whether it would do what was agreed to. */
const isSame = ({ changes }: Plan, agreed: Plan | undefined): boolean =>
  agreed !== undefined && JSON.stringify(changes.map(done)) === JSON.stringify(agreed.changes.map(done))

const done = ({ name, class: kind, object, to, statements, exchange, blockers }: PlannedChange) => [
  [name, kind, object, to, statements],
  [exchange, blockers],
]

async function consent({ io, options, output }: ApplyInvocation, plan: Plan): Promise<boolean> {
  const pending = plan.changes.filter((c) => c.class !== 'none')
  if (pending.length === 0) return true
  const { renderDiagnostics } = await import('@viewcast/sdk')
  if (!output.json) {
    await io.stderr.write(
      planScreen(plan, {
        colors: output.colors,
        all: false,
        insight: insightsOf(output.colors),
        say: ({ blockers }) => (blockers.length === 0 ? '' : renderDiagnostics(blockers, output.colors)),
      }),
    )
  }
  // What stands in the way, or was not allowed, is said by applying, which does nothing then: nobody is asked in vain.
  if (pending.some((change) => isRefused(change, options))) return true
  if (io.ask === undefined || output.json) {
    throw new UsageError('Nobody is there to ask: pass --yes, or apply a saved plan')
  }
  const answer = await io.ask(
    `Apply ${pending.length === 1 ? 'this change' : `these ${pending.length} changes`}? [y/N] `,
  )
  if (/^y(es)?$/i.test(answer.trim())) return true
  await output.note('nothing was changed')
  return false
}

const isRefused = (
  { class: kind, blockers }: PlannedChange,
  { allowBreaking, allowRemove, overwriteEdited }: ApplyInvocation['options'],
): boolean =>
  blockers.some((d) => d.code !== 'deploy/edited' || !overwriteEdited) ||
  (kind === 'breaking' && !allowBreaking) ||
  (kind === 'remove' && !allowRemove)

async function carriedOut({ store, settings }: WithStore, plan: Plan, { io, options, output }: ApplyInvocation) {
  const { applyPlanRecorded } = await import('@viewcast/sdk')
  const { allowBreaking, allowRemove, overwriteEdited, lockTimeout, patience, reason } = options
  output.progress.step('apply')
  let told = ''
  // Who is waited for is said when it is another: in a log, every few tenths of a second would be a line.
  const onWaiting = (waiting: Waiting): void => {
    const who = waitedFor(waiting)
    const [waited, of] = [Math.round(waiting.waited / 1000), Math.round(waiting.patience / 1000)]
    if (who !== told) {
      output.progress.clear()
      void output.note(`waiting for ${who}; given up after ${of} s, and nothing is changed until then`)
      output.progress.step('waiting', of)
    }
    told = who
    output.progress.at(waited, of)
  }
  const { changes, held, run } = await applyPlanRecorded(store, plan, {
    models: settings.directory.value,
    allowBreaking,
    allowRemove,
    overwriteEdited,
    signal: io.signal,
    onWaiting,
    ...(lockTimeout === undefined ? {} : { lockTimeout: 1000 * lockTimeout }),
    ...(patience === undefined ? {} : { patience: 1000 * patience }),
    ...(reason === undefined ? {} : { reason }),
  })
  return { environment: plan.environment, changes, held, ...(run === undefined ? {} : { run: run.id }) }
}

function waitedFor({ sessions }: Waiting): string {
  const [first, ...more] = sessions
  if (first === undefined) return 'a lock'
  const name = first.application === '' ? '' : ` (${first.application})`
  return `session ${first.pid}${name}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

/** What the command gave before there were plans, for the scripts that read it. */
function ofView({ changes }: Plan, applied: Pick<AppliedPlan, 'changes'>, engine: string): Record<string, unknown> {
  const [planned] = changes
  const [done] = applied.changes
  if (!planned) return {}
  return {
    model: planned.to?.model,
    version: planned.to?.version,
    view: done?.sqlName,
    replaced: planned.class !== 'add',
    verification: done?.verification ?? null,
    engine,
    sql: planned.creation[0],
  }
}

/** A new table of partitions is empty until an instant is named; a function is called by whoever has a key. */
function nextStep({ changes, environment }: Plan, applied: Pick<AppliedPlan, 'changes'>): string | undefined {
  const done = applied.changes.filter((c) => c.outcome === 'done' && c.as !== 'function' && c.class !== 'remove')
  const isEmpty = ({ name, class: kind }: (typeof done)[number]): boolean =>
    kind === 'add' && changes.some((c) => c.name === name && c.spec['refresh'] === 'partition')
  const made = done.find((c) => !isEmpty(c))
  if (made) return `select * from ${made.sqlName} limit 10`
  const [empty] = done
  return empty && `viewcast refresh ${empty.name}${environment === '' ? '' : ` --env ${environment}`}`
}

const verbs = {
  add: 'created',
  body: 'replaced',
  append: 'replaced',
  breaking: 'replaced',
  remove: 'put aside',
  metadata: 'changed',
  none: 'unchanged',
} as const

function screen({ changes }: Pick<AppliedPlan, 'changes'>, colors: Colors): string {
  const isIdle = changes.every((c) => c.outcome !== 'done')
  const shown = isIdle ? changes : changes.filter((c) => c.outcome !== 'none')
  if (shown.length === 0) return 'nothing is declared\n'
  const lines = shown.map(({ outcome, class: kind, as, sqlName, verification }) => {
    if (outcome !== 'done') return `unchanged  ${as} ${sqlName}  ${colors.dim('(as planned already)')}\n`
    const proof = verification === undefined ? '' : `  ${colors.dim(`(${verification})`)}`
    return `${colors.good(verbs[kind])}  ${as} ${sqlName}${proof}\n`
  })
  return lines.join('')
}
