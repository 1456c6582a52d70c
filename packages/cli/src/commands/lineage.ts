import type {
  Database,
  Definition,
  LineageGraph,
  LineageNode,
  LineageVertex,
  ModelRecord,
  Project,
} from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { exit } from '../failure.ts'
import { type Opened, withProject } from '../open.ts'
import { branches, dot, mermaid } from '../render/graph.ts'
import type { Output } from '../render/output.ts'
import { renderTree } from '../render/tree.ts'
import { readableStore, trainedRecord } from './chosen-model.ts'

export const lineageCommand = defineCommand({
  name: 'lineage',
  summary: 'Show where columns come from, or what depends on them',
  description:
    'Up (the default): follows columns through the SQL of the views down to the columns of tables. Down: from a column of a table or view to the feature views, features, coefficients and predictions it is part of. <name>.<column> follows one column; a model alone shows its prediction with every coefficient, anything else alone all of its columns. What only decides about a value (join, filter, group by, sort, window, condition) is told apart from what makes it up.',
  positionals: [
    { name: 'name', description: 'definition or relation of the database, or name.column of one', required: true },
  ],
  options: z.object({
    up: z.boolean().default(false).describe('Where it comes from (the default)'),
    down: z.boolean().default(false).describe('What depends on it'),
    format: z.enum(['tree', 'mermaid', 'dot', 'json']).default('tree').describe('How it is drawn; dot is for Graphviz'),
  }),
  examples: [
    { command: 'viewcast lineage history.spend_30d', description: 'One feature of a dataset' },
    { command: 'viewcast lineage reorder', description: 'Everything a trained model reads' },
    { command: 'viewcast lineage public.orders.amount --down', description: 'What breaks when this column changes' },
    { command: 'viewcast lineage reorder --format mermaid', description: 'A picture for a README' },
  ],
  run: (invocation) =>
    withProject(invocation, async (opened) => {
      const { project, db } = opened
      const { options, output } = invocation
      const { fail } = await import('@viewcast/sdk')
      if (options.up && options.down) fail('cli/usage', { detail: '--up and --down are one or the other' })
      const given = positional(invocation, 'name')
      const { name, column } = nameAndColumn(given, project.definitions)
      const definition = project.definitions.get(name)
      const records = await recordsOf(opened, output)
      const direction = options.down ? 'down' : 'up'
      const asTree = options.format === 'tree' || options.format === 'json'
      if (definition !== undefined && direction === 'up' && asTree) {
        const nodes = await nodesOf(db, project, definition, column, records.get(name))
        const result = { name, ...(column === undefined ? {} : { column }), lineage: nodes }
        if (options.format === 'json') await output.write(`${JSON.stringify(result)}\n`)
        else await output.result(result, (colors) => nodes.map((n) => renderTree(n, colors)).join('\n'))
        return exit.ok
      }
      const { follow, projectLineage } = await import('@viewcast/sdk')
      const graph = await projectLineage(db, project, { records })
      const starts = await startsOf(graph, project, given, name, column)
      const ends = new Set(graph.edges.map((e) => (options.down ? e.from : e.to)))
      // Of a whole relation the columns that lead nowhere say nothing.
      const leading = starts.filter((s) => ends.has(s))
      const walk = follow(graph, leading.length > 0 ? leading : starts, direction)
      const names = new Set([...walk.from, ...walk.edges.flatMap((e) => [e.from, e.to])])
      const vertices = graph.vertices.filter((v) => names.has(v.name))
      const result = { name: given, direction, from: walk.from, vertices, edges: walk.edges }
      if (options.format === 'json') await output.write(`${JSON.stringify(result)}\n`)
      else if (options.format === 'mermaid' || options.format === 'dot')
        await output.result(result, () => (options.format === 'dot' ? dot(walk) : mermaid(walk)))
      else
        await output.result(result, (colors) =>
          branches(walk, direction)
            .map((b) => renderTree(b, colors))
            .join('\n'),
        )
      return exit.ok
    }),
})

/** The newest record of every model that has one. */
async function recordsOf(
  opened: Opened & { readonly db: Database },
  output: Output,
): Promise<Map<string, ModelRecord>> {
  const out = new Map<string, ModelRecord>()
  const withStore = { ...opened, store: await readableStore(opened) }
  for (const { kind, name } of opened.project.definitions.values()) {
    const record = kind === 'model' ? await trainedRecord(withStore, name, undefined, output) : undefined
    if (record !== undefined) out.set(name, record)
  }
  return out
}

async function nodesOf(
  db: Database,
  project: Project,
  definition: Definition,
  column: string | undefined,
  record: ModelRecord | undefined,
): Promise<LineageNode[]> {
  const { columnLineage } = await import('@viewcast/sdk')
  const { directory } = project
  const columns = column === undefined ? await columnsToFollow(db, definition, directory) : [column]
  const nodes: LineageNode[] = []
  for (const c of columns)
    nodes.push(await columnLineage(db, definition, c, { directory, ...(record === undefined ? {} : { record }) }))
  return nodes
}

/** The vertices a name stands for. Errors: `project/unknown-name`, `view/unknown-column`, both with the nearest. */
async function startsOf(
  graph: LineageGraph,
  project: Project,
  given: string,
  name: string,
  column: string | undefined,
): Promise<string[]> {
  const { fail, nearParameter } = await import('@viewcast/sdk')
  const definition = project.definitions.get(name)
  const kinds: readonly string[] =
    definition === undefined
      ? ['column']
      : definition.kind === 'dataset'
        ? ['feature', 'label']
        : definition.kind === 'model'
          ? column === undefined
            ? ['prediction']
            : ['prediction', 'coefficient']
          : ['view']
  const of = graph.vertices.filter((v) => kinds.includes(v.kind))
  // A relation may be named without its schema, and as it is quoted in SQL.
  const plain = (text: string): string => text.replaceAll('"', '')
  const bare = (owner: string): string => (definition === undefined ? owner.slice(owner.indexOf('.') + 1) : owner)
  const isOwner = (owner: string, wanted: string): boolean => owner === wanted || bare(owner) === wanted
  const wanted = plain(given)
  const isNamed = ({ owner, column: c }: LineageVertex, text: string): boolean =>
    [owner, bare(owner)].some((o) => plain(`${o}.${c}`) === text)
  const one = of.filter((v) => isNamed(v, wanted))
  if (one.length > 0) return one.map((v) => v.name)
  const all = of.filter((v) => isOwner(plain(v.owner), wanted))
  if (all.length > 0) return all.map((v) => v.name)
  // Names may hold dots: the longest owner that it begins with is meant.
  const owners = [...new Set(of.map((v) => plain(v.owner)))].flatMap((o) => [o, bare(o)])
  const owner = owners.filter((o) => wanted.startsWith(`${o}.`)).sort((x, y) => y.length - x.length)[0]
  if (owner !== undefined) {
    const names = of.filter((v) => isOwner(plain(v.owner), owner)).map((v) => v.column)
    const missing = wanted.slice(owner.length + 1)
    return fail('view/unknown-column', { view: owner, column: missing, ...nearParameter(missing, names) })
  }
  const known = [...project.definitions.keys(), ...owners]
  return fail('project/unknown-name', { name: given, ...nearParameter(given, known) })
}

/** `undefined` stands for the definition as a whole. */
async function columnsToFollow(
  db: Database,
  definition: Definition,
  directory: string,
): Promise<readonly (string | undefined)[]> {
  if (definition.kind === 'entity' || definition.kind === 'model') return [undefined]
  if (definition.kind !== 'dataset') return await columnsOf(db, definition, directory)
  // What is wrong with its views is told together, before each is looked at.
  const { prepareDataset } = await import('@viewcast/sdk')
  await prepareDataset(db, definition, directory)
  const all = await Promise.all(
    definition.features.map(async (use) => {
      const names = use.pick ?? (await columnsOf(db, use.view, directory))
      return names.map((n) => (use.prefix ?? '') + n)
    }),
  )
  return all.flat()
}

/** Columns a view gives beside what it is asked by. */
async function columnsOf(
  db: Database,
  definition: Exclude<Definition, { kind: 'entity' | 'dataset' | 'model' }>,
  directory: string,
): Promise<string[]> {
  const { showRows } = await import('@viewcast/sdk')
  const { columns } = await showRows(db, definition, { limit: 0, directory })
  const asked = new Set([...definition.entity.keys.map((k) => k.name), 'as_of'])
  if (definition.kind === 'history') asked.add(definition.time).add(definition.knownAt ?? definition.time)
  return columns.map((c) => c.name).filter((c) => !asked.has(c))
}

/** Names may hold dots: the longest prefix that is a definition is the name. */
function nameAndColumn(
  given: string,
  definitions: ReadonlyMap<string, unknown>,
): { readonly name: string; readonly column?: string } {
  if (definitions.has(given)) return { name: given }
  for (let dot = given.lastIndexOf('.'); dot > 0; dot = given.lastIndexOf('.', dot - 1)) {
    const name = given.slice(0, dot)
    if (definitions.has(name)) return { name, column: given.slice(dot + 1) }
  }
  return { name: given }
}
