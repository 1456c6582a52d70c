import type { Definition, ExplainReport } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData, exit } from '../failure.ts'
import { withProject } from '../open.ts'
import { formOption, readForms } from '../parse/forms.ts'
import { atOption, keysOption, readKeys, versionOption } from '../parse/values.ts'
import type { Colors } from '../render/palette.ts'
import { renderSize, renderStages } from '../render/query-size.ts'
import { grouped, renderPairs, renderTable } from '../render/table.ts'
import { namedVersion, trainedRecord } from './chosen-model.ts'

export const explainCommand = defineCommand({
  name: 'explain',
  summary: 'Show how each view of a query is computed, why so, and which index would help',
  description:
    'For a dataset the training query, for a model the prediction query of a trained version, for a feature view the view alone. Forms are chosen by rule from the indexes and sizes the catalog knows. With --plan the database is asked for its plan, and nothing is run: exit code 1 when a LATERAL would not be an index scan.',
  positionals: [
    { name: 'name', description: 'dataset, model (model@3, model@production) or feature view', required: true },
  ],
  options: z.object({
    plan: z.boolean().default(false).meta({ description: 'Check the plan of the database; the query is not run' }),
    form: formOption,
    keys: keysOption,
    at: atOption,
    version: versionOption,
  }),
  examples: [
    { command: 'viewcast explain history', description: 'The training query, view by view' },
    { command: 'viewcast explain reorder --plan', description: 'Would production look up its indexes?' },
    { command: 'viewcast explain history --form plan=merge', description: 'What if it were another form?' },
  ],
  run: (invocation) =>
    withProject(invocation, async (opened) => {
      const { project, db } = opened
      const { options: o, io, output } = invocation
      const { explain, resolveDefinition } = await import('@viewcast/sdk')
      const { name, selector } = await namedVersion(project, positional(invocation, 'name'), o.version)
      const definition: Definition = resolveDefinition(project, name)
      const record = definition.kind === 'model' ? await trainedRecord(opened, name, selector, output) : undefined
      if (definition.kind === 'model' && record === undefined) {
        await output.note(`${definition.name} is not trained; this is the training query of its dataset`)
      }
      const keys = readKeys(o.keys, io.cwd)
      const forms = readForms(o.form)
      const report = await explain(db, definition, {
        directory: project.directory,
        plan: o.plan,
        ...(record === undefined ? {} : { record }),
        ...(forms === undefined ? {} : { forms }),
        ...(keys === undefined ? {} : { keys }),
        ...(o.at === undefined ? {} : { at: o.at }),
      })
      await output.warn(report.warnings)
      await output.result({ ...report, warnings: report.warnings.map(diagnosticData) }, (colors) =>
        render(report, colors, output.width),
      )
      return report.plan?.ok === false ? exit.failed : exit.ok
    }),
})

function render(report: ExplainReport, colors: Colors, width: number | undefined): string {
  const sharing = (stage: string) => report.views.filter((v) => v.asked === stage).length
  const asks = (v: ExplainReport['views'][number]): string =>
    v.asked !== undefined
      ? `${v.asked}${sharing(v.asked) > 1 && v.purpose === undefined ? `, shared by ${sharing(v.asked)}` : ''}`
      : v.kind === 'static'
        ? 'no instant'
        : 'each row'
  const purposes = report.views.some((v) => v.purpose !== undefined)
  const table = renderTable(
    ['view', 'kind', ...(purposes ? ['for'] : []), 'form', 'asked by', 'one row', 'features'].map((name) => ({ name })),
    report.views.map((v) => [
      ...[v.name, v.kind, ...(purposes ? [v.purpose ?? ''] : [])],
      ...[v.form, asks(v), v.oneRow, v.features.length],
    ]),
    { columns: width, colors },
  )
  const reasons = renderPairs(report.views.map((v) => [v.name, `${v.form}: ${v.reason}`]))
  const others = report.views.flatMap((v) => v.impossible.map((i) => [`${v.name} ${i.form}`, i.why] as const))
  const indexes = [...new Set(report.views.flatMap((v) => (v.createIndex === undefined ? [] : [`${v.createIndex};`])))]
  const stored = report.views.flatMap((v) =>
    v.propose === undefined ? [] : [`-- ${v.name}: ${v.propose.why}.\n${v.propose.sql}\n`],
  )
  const { plan, model } = report
  const branches = (plan?.branches ?? []).map((b) => {
    const mark = b.ok ? colors.good('ok    ') : colors.error('failed')
    return `${mark}  ${b.name}  ${b.detail}\n`
  })
  const estimate = plan === undefined ? '' : `cost ${grouped(plan.cost)}, about ${grouped(plan.rows)} rows\n`
  const sizes = renderSize(report.bytes, model)
  const stages = renderStages(report.stages ?? [])
  const section = (title: string, text: string): string[] => (text === '' ? [] : [`${colors.bold(title)}\n${text}`])
  return [
    table,
    ...section('why', reasons),
    ...section('forms that cannot be had', renderPairs(others)),
    ...section('indexes that would help', indexes.map((i) => `${i}\n`).join('')),
    ...section('worth storing', [...new Set(stored)].join('')),
    ...section('stages', stages),
    ...section(`${report.query} query`, sizes),
    ...section('plan of the database', plan === undefined ? '' : estimate + branches.join('')),
  ].join('\n')
}
