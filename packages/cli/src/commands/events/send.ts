import { resolve } from 'node:path'
import type { EventTarget, SendReport } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, type Invocation } from '../../command.ts'
import { eventTarget } from '../../config/event-target.ts'
import type { Settings } from '../../config/resolve.ts'
import { exit } from '../../failure.ts'
import { UsageError } from '../../parse/usage.ts'
import { renderPairs } from '../../render/table.ts'
import { withOutbox } from './outbox.ts'

const options = z.object({
  watch: z.boolean().default(false).describe('Keep sending until interrupted'),
  url: z.string().optional().meta({ value: 'url', description: 'Service to send to, instead of the configured one' }),
  file: z.string().optional().meta({ value: 'file', description: 'File to append to, instead of what is configured' }),
  limit: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .meta({ value: 'n', expects: 'a whole number above 0', description: 'Events at most' }),
})

export const eventsSendCommand = defineCommand({
  name: 'events send',
  summary: 'Send the OpenLineage events that wait',
  description:
    'Sends events of runs to the service or file that openLineage in the configuration names: at least once, those of a run in order. What fails is tried again later, after 1, 2, 4, … seconds and at most 15 minutes; an event that the service refuses five times is set aside (see viewcast events status). Several may send at once. Commands that make runs try to send their own events by themselves; this sends what they could not. With --watch on the embedded engine, other commands cannot open the database meanwhile.',
  positionals: [],
  options,
  examples: [
    { command: 'viewcast events send', description: 'Everything that is due, from cron for example' },
    { command: 'viewcast events send --watch', description: 'As a service beside a server database' },
    { command: 'viewcast events send --file lineage.ndjson', description: 'Into a file, once' },
  ],
  run: (invocation) =>
    withOutbox(invocation, async (store, settings) => {
      const { io, output } = invocation
      const target = await chosen(invocation, settings)
      const { keepSending, sendEvents } = await import('@viewcast/sdk')
      const { limit, watch } = invocation.options
      const report: SendReport = watch
        ? await keepSending(store, target, {
            signal: io.signal,
            onReport: (r) => void output.note(said(r, target)),
          })
        : await sendEvents(store, target, { signal: io.signal, ...(limit === undefined ? {} : { limit }) })
      await output.result({ target: target.description, ...report }, () =>
        renderPairs([
          ['target', target.description],
          ['sent', String(report.sent)],
          ['to try again', String(report.failed)],
          ['set aside', String(report.setAside)],
          ...(report.stopped === undefined ? [] : [['stopped', report.stopped] as const]),
        ]),
      )
      // An interrupt is how a watch ends.
      return watch || report.failed + report.setAside === 0 ? exit.ok : exit.failed
    }),
})

async function chosen(
  { options: { url, file }, io }: Invocation<z.output<typeof options>>,
  { openLineage }: Settings,
): Promise<EventTarget> {
  if (url !== undefined && file !== undefined) throw new UsageError('--url and --file do not go together')
  const configured = openLineage.value?.to
  if (file !== undefined) return eventTarget({ value: { kind: 'file', path: resolve(io.cwd, file) }, origin: '--file' })
  // The configured key is for the configured service.
  if (url !== undefined) return eventTarget({ value: { kind: 'http', url }, origin: '--url' })
  return eventTarget({ value: configured, origin: openLineage.origin })
}

const said = (r: SendReport, target: EventTarget): string =>
  [
    `${r.sent} sent to ${target.description}`,
    ...(r.failed > 0 ? [`${r.failed} to try again`] : []),
    ...(r.setAside > 0 ? [`${r.setAside} set aside`] : []),
    ...(r.stopped === undefined ? [] : [r.stopped]),
  ].join(', ')
