import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { diagnosticData, exit } from '../../failure.ts'
import { withStore } from '../../open.ts'
import { renderPairs } from '../../render/table.ts'

export const catalogSyncCommand = defineCommand({
  name: 'catalog sync',
  summary: 'Bring catalog and lineage to what the project declares and the database has',
  description:
    'Takes sources, views, samples, targets, datasets and models with their columns, texts of the code and comments of the database. "train" and "apply" do it, too. Keeps the lineage of the whole project; training a model keeps that of the model. What changed is kept as history, what is gone stays, marked. A view that is refused is told and stops nothing.',
  positionals: [],
  options: z.object({
    all: z.boolean().default(false).describe('Every table and view of the database, not only those that are read'),
    freshness: z.boolean().default(false).describe('Also look how old the newest rows are, and keep it'),
  }),
  examples: [
    { command: 'viewcast catalog sync', description: 'After a change of the code or the database' },
    { command: 'viewcast catalog sync --freshness', description: 'By a schedule, so that lateness is on record' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store, project, db }) => {
      const { options, output } = invocation
      const { assetFreshness, catalogEntries, projectLineage, registerLineage, syncCatalog } = await import(
        '@viewcast/sdk'
      )
      output.progress.step('reading')
      const { problems, ...done } = await syncCatalog(store, project, { all: options.all })
      output.progress.step('following columns')
      // With a definition missing, what comes from it would look gone.
      const lineage = problems.length === 0 ? await registerLineage(store, await projectLineage(db, project)) : null
      const late: { name: string; status: string; late: string | null }[] = []
      let looked = 0
      if (options.freshness) {
        output.progress.step('looking at newest rows')
        const sources = (await catalogEntries(store)).filter((e) => e.kind === 'source' && e.props.time)
        for (const { name } of sources) {
          const { status, late: source } = await assetFreshness(store, `source:${name}`, { record: true })
          output.progress.at(++looked)
          if (status === 'warn' || status === 'error') late.push({ name, status, late: source })
        }
      }
      output.progress.done()
      await output.warn(problems)
      const data = { ...done, lineage, ...(options.freshness ? { late } : {}), problems: problems.map(diagnosticData) }
      await output.result(data, (colors) =>
        [
          renderPairs([
            ['assets', `${done.assets}, ${done.assetsChanged} changed`],
            ['columns', `${done.columnsAdded} new, ${done.columnsChanged} changed, ${done.columnsDropped} gone`],
            ['lineage', lineage === null ? 'left as it is: mend the definitions first' : edges(lineage)],
            ...(options.freshness ? [['freshness', `${looked} looked at, ${late.length} late`] as const] : []),
          ]),
          ...late.map((l) => `${(l.status === 'error' ? colors.error : colors.warning)(l.status)}  ${l.name}\n`),
        ].join(''),
      )
      return problems.length === 0 ? exit.ok : exit.failed
    }),
})

const edges = ({ added, closed }: { readonly added: number; readonly closed: number }): string =>
  `${added} edges new, ${closed} gone`
