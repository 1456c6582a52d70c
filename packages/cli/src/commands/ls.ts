import type { Definition, Project, SelectionDef } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand } from '../command.ts'
import { openProject } from '../open.ts'
import type { Colors } from '../render/palette.ts'
import { renderTable } from '../render/table.ts'

export const lsCommand = defineCommand({
  name: 'ls',
  summary: 'List what the project declares',
  description:
    'Lists entities, feature views, samples, targets, datasets, models and selections: key, columns, where each is used, and the newest trained version. Reads no database.',
  positionals: [],
  options: z.object({}),
  examples: [
    { command: 'viewcast ls', description: 'Everything, grouped by kind' },
    { command: "viewcast ls --json | jq -r '.definitions[].name'", description: 'Names only' },
  ],
  async run(invocation) {
    const { settings, project } = await openProject(invocation)
    const entries = await Promise.all(
      [...project.definitions.values()].map(async (d) =>
        entryOf(d, project, await familyOf(d), await newest(d, settings.directory.value)),
      ),
    )
    const selections = [...project.selections.values()].map(selectionEntry)
    await invocation.output.result({ project: project.name, definitions: entries, selections }, (colors) =>
      text([...entries, ...selections], colors, invocation.output.width),
    )
    return 0
  },
})

interface Trained {
  readonly version: number
  readonly trainedAt: string
}

async function newest(d: Definition, directory: string): Promise<Trained | undefined> {
  if (d.kind !== 'model') return undefined
  const { listVersions, loadRecord } = await import('@viewcast/sdk')
  return (await listVersions(directory, d.name)).length > 0 ? await loadRecord(directory, d.name) : undefined
}

async function familyOf(d: Definition): Promise<string> {
  if (d.kind !== 'model') return ''
  const { familyTitle } = await import('@viewcast/sdk')
  return familyTitle(d.family, d.link)
}

interface Entry {
  readonly name: string
  readonly kind: Definition['kind'] | 'selection'
  readonly key: readonly string[]
  /** Names it gives; empty when only its query knows. */
  readonly columns: readonly string[]
  readonly usedBy: readonly string[]
  readonly about: string
  readonly description?: string
  readonly version?: number
  readonly trainedAt?: string
}

function entryOf(d: Definition, project: Project, family: string, trained?: Trained): Entry {
  return {
    name: d.name,
    kind: d.kind,
    key: keyOf(d),
    columns: columnsOf(d),
    usedBy: [...project.definitions.values()].filter((other) => uses(other, d.name)).map((other) => other.name),
    about: aboutOf(d, family, trained),
    ...(d.description === undefined ? {} : { description: d.description }),
    ...(trained === undefined ? {} : { version: trained.version, trainedAt: trained.trainedAt }),
  }
}

const selectionEntry = (s: SelectionDef): Entry => ({
  name: s.name,
  kind: 'selection',
  key: s.model.dataset.sample.entity.keys.map((k) => k.name),
  columns: Object.keys(s.over.inputs),
  usedBy: [],
  about: `of ${s.model.name}, by ${s.metric}, ${s.folds.count} folds by ${s.folds.kind}`,
  ...(s.description === undefined ? {} : { description: s.description }),
})

function keyOf(d: Definition): string[] {
  if (d.kind === 'entity') return d.keys.map((k) => k.name)
  if (d.kind === 'dataset') return d.sample.entity.keys.map((k) => k.name)
  if (d.kind === 'model') return d.dataset.sample.entity.keys.map((k) => k.name)
  return d.entity.keys.map((k) => k.name)
}

function columnsOf(d: Definition): string[] {
  if (d.kind === 'entity') return d.keys.map((k) => `${k.name} ${k.type}`)
  if (d.kind === 'model') return Object.keys(d.inputs)
  if (d.kind === 'dataset')
    return d.features.flatMap((u) => (u.pick ?? Object.keys(u.view.features)).map((f) => (u.prefix ?? '') + f))
  if (d.kind === 'sample' || d.kind === 'target') return []
  return Object.keys(d.features)
}

/** By name: a definition is a value, and two modules may have loaded it twice. */
function uses(user: Definition, name: string): boolean {
  if (user.kind === 'model') return user.dataset.name === name
  if (user.kind === 'dataset') {
    return user.sample.name === name || user.target?.name === name || user.features.some((u) => u.view.name === name)
  }
  return user.kind !== 'entity' && user.entity.name === name
}

function aboutOf(d: Definition, family: string, trained?: Trained): string {
  if (d.kind === 'entity') return d.from ? `from ${d.from.name}` : ''
  if (d.kind === 'sample') return d.split.kind === 'time' ? `test from ${d.split.test}` : `split ${d.split.kind}`
  if (d.kind === 'target') return d.horizon ? `known after ${d.horizon}` : ''
  if (d.kind === 'dataset')
    return `${d.sample.name} + ${d.features.length} views${d.target ? ` + ${d.target.name}` : ''}`
  if (d.kind !== 'model') return d.kind
  const version = trained ? `version ${trained.version} of ${trained.trainedAt.slice(0, 10)}` : 'not trained'
  return `${family} for ${d.label}, ${version}`
}

const groups: readonly (readonly [string, readonly Entry['kind'][]])[] = [
  ['Entities', ['entity']],
  ['Feature views', ['static', 'history', 'window', 'aggregates', 'request']],
  ['Samples', ['sample']],
  ['Targets', ['target']],
  ['Datasets', ['dataset']],
  ['Models', ['model']],
  ['Selections', ['selection']],
]

function text(entries: readonly Entry[], colors: Colors, width: number | undefined): string {
  const blocks = groups.flatMap(([title, kinds]) => {
    const members = entries.filter((e) => kinds.includes(e.kind))
    if (members.length === 0) return []
    const columns = [{ name: 'name' }, { name: 'key' }, { name: 'about' }, { name: 'columns' }, { name: 'used by' }]
    const rows = members.map((e) => [e.name, e.key.join(', '), e.about, e.columns.join(', '), e.usedBy.join(', ')])
    const shown = columns.filter((_, i) => rows.some((r) => r[i] !== ''))
    const kept = rows.map((r) => r.filter((_, i) => shown.includes(columns[i] ?? { name: '' })))
    return [
      `${colors.bold(title)}\n${indent(renderTable(shown, kept, { colors: { ...colors, bold: colors.dim }, columns: width === undefined ? undefined : width - 2 }))}`,
    ]
  })
  return blocks.length === 0 ? 'The project declares nothing.\n' : blocks.join('\n')
}

const indent = (block: string): string => block.replace(/^(?=.)/gm, '  ')
