import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { grouped, renderPairs, tableBelow } from '../../render/table.ts'
import { datasetReference, short } from './text.ts'

export const datasetsShowCommand = defineCommand({
  name: 'datasets show',
  summary: 'A version of a dataset: rows, columns, copies, who read it, history of its tags',
  description: 'Shows what the store has of a version; no row of the dataset is read.',
  positionals: [{ name: 'dataset', description: 'name, name@3 or name@tag', required: true }],
  options: z.object({
    sql: z.boolean().default(false).describe('Print the query alone'),
  }),
  examples: [
    { command: 'viewcast datasets show departures', description: 'The newest version' },
    { command: 'viewcast datasets show departures@golden --sql', description: 'The query of a tagged one' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { datasetHistory, datasetVersion, tagHistory } = await import('@viewcast/sdk')
      const { dataset, selector } = await datasetReference(positional(invocation, 'dataset'))
      const version = await datasetVersion(store, dataset, selector)
      const versions = await datasetHistory(store, dataset)
      const tags = await tagHistory(store, dataset)
      const { output } = invocation
      if (invocation.options.sql && !output.json) {
        await output.write(`${version.query}\n`)
        return 0
      }
      await output.result({ ...version, versions, tagHistory: tags }, (colors) => {
        const table = (names: readonly string[], rows: readonly (readonly unknown[])[]): string =>
          tableBelow(names, rows, { colors, columns: output.width })
        return [
          renderPairs([
            ['dataset', `${colors.bold(version.dataset)} version ${version.version} of ${versions.length}`],
            ['rows', grouped(version.rows)],
            ['digest', version.digest],
            ['tags', version.tags.join(', ') || '-'],
            ['since', `${version.createdAt}${version.createdBy === null ? '' : `, by ${version.createdBy}`}`],
            ['views', String(Object.keys(version.views).length)],
          ]),
          table(
            ['column', 'type', 'NULLs', 'digest'],
            version.columns.map((c) => [
              c.name,
              c.precision === undefined ? c.type : `${c.type}, ${c.precision}`,
              grouped(c.nulls),
              c.digest,
            ]),
          ),
          table(
            ['copy', 'where', 'md5', 'since'],
            version.copies.map((c) => [c.kind, c.where, c.md5 ?? '', c.createdAt.slice(0, 16)]),
          ),
          table(
            ['read by', 'as', 'made', 'run'],
            version.readBy.map((r) => [`${r.kind} ${r.name}`, r.role, r.models.join(', '), r.run]),
          ),
          table(
            ['tag', 'version', 'from', 'to', 'by', 'reason'],
            tags.map((t) => [
              t.tag,
              t.version,
              t.from.slice(0, 16),
              t.to?.slice(0, 16) ?? '',
              t.actor ?? '',
              t.reason ?? '',
            ]),
          ),
          table(
            ['version', 'rows', 'digest', 'since'],
            versions.map((v) => [v.version, grouped(v.rows), short(v.digest), v.createdAt.slice(0, 16)]),
          ),
        ].join('')
      })
      return 0
    }),
})
