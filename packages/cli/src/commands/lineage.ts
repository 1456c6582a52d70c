import type { Database, Definition, FeatureView, LineageNode, ModelRecord } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { withProject } from '../open.ts'
import { renderTree } from '../render/tree.ts'

export const lineageCommand = defineCommand({
  name: 'lineage',
  summary: 'Show where the columns of a view, dataset or model come from',
  description:
    'Follows columns through the SQL of the views down to the columns of tables. <name>.<column> follows one; a model alone shows its prediction with every coefficient, anything else alone all of its features.',
  positionals: [{ name: 'name', description: 'name, or name.column', required: true }],
  options: z.object({}),
  examples: [
    { command: 'viewcast lineage history.spend_30d', description: 'One feature of a dataset' },
    { command: 'viewcast lineage reorder', description: 'Everything a trained model reads' },
  ],
  run: (invocation) =>
    withProject(invocation, async ({ settings, project, db }) => {
      const { columnLineage, listVersions, loadRecord, resolveDefinition } = await import('@viewcast/sdk')
      const { name, column } = nameAndColumn(positional(invocation, 'name'), project.definitions)
      const definition = resolveDefinition(project, name)
      const { directory } = project
      let record: ModelRecord | undefined
      if (definition.kind === 'model' && (await listVersions(settings.directory.value, name)).length > 0) {
        record = await loadRecord(settings.directory.value, name)
      }
      const columns = column === undefined ? await columnsToFollow(db, definition, directory) : [column]
      const nodes: LineageNode[] = []
      for (const c of columns) {
        nodes.push(await columnLineage(db, definition, c, { directory, ...(record === undefined ? {} : { record }) }))
      }
      const result = { name, ...(column === undefined ? {} : { column }), lineage: nodes }
      await invocation.output.result(result, (colors) => nodes.map((n) => renderTree(n, colors)).join('\n'))
      return 0
    }),
})

/** `undefined` stands for the definition as a whole. */
async function columnsToFollow(
  db: Database,
  definition: Definition,
  directory: string,
): Promise<readonly (string | undefined)[]> {
  if (definition.kind === 'entity' || definition.kind === 'model') return [undefined]
  if (definition.kind !== 'dataset') return await columnsOf(db, definition, directory)
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
  definition: FeatureView | Extract<Definition, { kind: 'sample' | 'target' }>,
  directory: string,
): Promise<string[]> {
  const { showRows, structuralColumns } = await import('@viewcast/sdk')
  const { columns } = await showRows(db, definition, { limit: 0, directory })
  const asked = new Set([...definition.entity.keys.map((k) => k.name), 'as_of'])
  if (definition.kind === 'history') for (const name of structuralColumns(definition)) asked.add(name)
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
  const dot = given.indexOf('.')
  return dot > 0 ? { name: given.slice(0, dot), column: given.slice(dot + 1) } : { name: given }
}
