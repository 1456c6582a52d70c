/** A plan for a person: what would change, object by object, and how. */
import type { ColumnChange, Plan, PlannedChange } from '@viewcast/sdk'
import { missingGrants } from './insight.ts'
import type { Colors } from './palette.ts'
import { padEnd, width } from './width.ts'

export interface PlanScreen {
  readonly colors: Colors
  /** Whether objects that are as they should be are listed, too. */
  readonly all: boolean
  /** Lines below a change: what it means for models, scores, privileges. */
  readonly insight: (change: PlannedChange) => readonly string[]
  /** Unified diffs of the query, and of what was edited by hand. */
  readonly diff?: (change: PlannedChange) => string
  /** What a diagnostic says. */
  readonly say: (change: PlannedChange) => string
}

const signs = { add: '+', body: '~', append: '~', breaking: '!', remove: '-', metadata: '=', none: ' ' } as const

/** Ends in a newline. */
export function planScreen(plan: Plan, screen: PlanScreen): string {
  const { colors } = screen
  const shown = plan.changes.filter((c) => screen.all || c.class !== 'none' || c.blockers.length > 0)
  const w = Math.max(0, ...shown.map((c) => width(heading(c))))
  const parts = shown.map((change) => changeText(change, screen, w))
  const where = plan.environment === '' ? plan.database : `${plan.environment}, ${plan.database}`
  return `${[colors.dim(where), ...parts, summary(plan, colors)].join('\n\n')}\n`
}

const heading = ({ class: kind, name, as, object }: PlannedChange): string => {
  const at = `${object.schema}.${object.name}`
  return `${signs[kind]} ${kind.padEnd(8)} ${name === at ? name : `${name}  ${as} ${at}`}`
}

function changeText(change: PlannedChange, screen: PlanScreen, w: number): string {
  const { colors } = screen
  const paint = change.class === 'breaking' || change.class === 'remove' ? colors.warning : colors.bold
  const versions = [change.from, change.to].flatMap((v) => (v ? [`${v.model}@${v.version}`] : []))
  const moved = versions[0] === versions[1] ? versions.slice(0, 1) : versions
  const how = change.strategy === 'none' ? '' : change.strategy
  const head = `${paint(padEnd(heading(change), w))}  ${moved.join(' → ')}  ${colors.dim(how)}`.trimEnd()
  const body = [
    ...(change.origin ? [originLine(change.origin, change.to?.version)] : []),
    ...columnLines(change.columns, change.class),
    ...(change.challengers ?? []).map((c) => `challenger ${c.label}: ${c.model}@${c.version}`),
    ...change.metadata.map((text) => `= ${text}`),
    ...screen.insight(change),
  ]
  const diff = screen.diff?.(change) ?? ''
  const said = screen.say(change)
  return [
    head,
    ...body.map((line) => `    ${line}`),
    ...(diff === '' ? [] : [diff.trimEnd()]),
    ...(said === '' ? [] : [said]),
  ].join('\n')
}

const originLine = ({ environment, version }: NonNullable<PlannedChange['origin']>, here: number | undefined): string =>
  `from ${environment === '' ? 'the environment without a name' : environment}${version === here ? '' : `, where it is version ${version}`}`

/** Of a new object its columns on one line; of another those that are not as they were. */
function columnLines(columns: readonly ColumnChange[], kind: PlannedChange['class']): string[] {
  if (kind === 'remove') return []
  if (kind === 'add') return [columns.map((c) => `${c.name} ${c.type}`).join(', ')]
  return columns.flatMap(({ change, name, type, was, tombstone }) => {
    if (change === 'appended') return [`+ ${name} ${type}`]
    if (change === 'revived') return [`+ ${name} ${type}, which was kept as NULLs`]
    if (change === 'retyped') return [`! ${name} ${was} → ${type}`]
    if (change === 'renamed') return [`! ${was} → ${name}`]
    if (change === 'kept') return []
    if (tombstone === undefined) return [`- ${name}`]
    return [`- ${name}, kept as NULLs since ${tombstone.slice(0, 10)}`]
  })
}

function summary({ changes }: Plan, colors: Colors): string {
  const count = new Map<string, number>()
  for (const { class: kind } of changes) count.set(kind, (count.get(kind) ?? 0) + 1)
  const unchanged = count.get('none') ?? 0
  count.delete('none')
  const blocked = changes.filter((c) => c.blockers.length > 0).length
  const kinds = [...count].map(([kind, n]) => `${n} ${kind}`).join(', ')
  if (changes.length === 0) return 'Nothing is declared and nothing is deployed.'
  const lacks = missingGrants(changes)
  const missing = lacks === 0 ? '' : colors.warning(`; ${lacks} ${lacks === 1 ? 'privilege' : 'privileges'} missing`)
  if (kinds === '' && blocked === 0) {
    const all = colors.good(`Nothing to change: ${unchanged} as declared${missing === '' ? '.' : ''}`)
    return missing === '' ? all : `${all}${missing} ${colors.dim('(--all names them)')}`
  }
  const rest = unchanged === 0 ? '' : colors.dim(`; ${unchanged} as declared`)
  const counts = `${kinds}${rest}${missing}${blocked === 0 ? '' : colors.error(`; ${blocked} cannot be applied`)}`
  return [counts, ...renames(changes).map((text) => `${colors.warning('note')}  ${text}`)].join('\n')
}

/** Nothing says that a deployment is another one under a new name: what stands there as two changes is told as what it looks like. */
function renames(changes: readonly PlannedChange[]): string[] {
  return changes.flatMap((gone) => {
    const same = changes.filter((c) => c.class === 'add' && c.as === gone.as && c.to?.model === gone.from?.model)
    const [only, ...more] = same
    if (gone.class !== 'remove' || gone.from === undefined || only === undefined || more.length > 0) return []
    return [
      `${gone.name} goes and ${only.name} comes, of the same model: a deployment is not renamed. Declare both until nobody reads ${gone.name}.`,
    ]
  })
}
