/** Codes of the sending of events; part of the list in `codes.ts`. */
import { type CodeEntry, entry } from './code-entry.ts'

export const eventCodes = {
  'events/target': entry(
    (p) => `Events cannot be sent: ${p['target']} ${p['detail']}`,
    () => 'See openLineage in the configuration.',
  ),
  'events/no-target': entry(
    (p) => `Nothing says where to send events: ${p['detail']}`,
    () => 'Write openLineage: { url } or openLineage: { file } into the configuration.',
  ),
} as const satisfies Record<string, CodeEntry>
