/** Codes of serving the store to others, and of sending it to them. */
import { type CodeEntry, entry } from './code-entry.ts'

export const serveCodes = {
  'serve/token': entry(
    (p) => `Others can reach ${p['host']}, so serving there needs a token`,
    (p) => `Set ${p['variable']}, or serve on 127.0.0.1, which is the default.`,
  ),
  'serve/address': entry(
    (p) => `${p['address']} cannot be listened on: ${p.detail}`,
    () => 'Pass another --port; 0 takes one that is free.',
  ),
  'serve/name': entry(
    (p) => `Two models would be served as "${p['name']}"`,
    () => 'Name each model or deployment once.',
  ),
  'serve/nothing': entry(
    (p) => `Project ${p['project']} has no trained model to serve`,
    () => 'Train one with viewcast train, or name what to serve.',
  ),
  'serve/access': entry(
    (p) => `The request is refused: ${p.detail}`,
    (p) => p.hint,
  ),
  'serve/unknown': entry(
    (p) => `${p['what']} is not served here`,
    (p) => (p.near ? `Did you mean "${p.near}"?` : 'GET /v1/models lists what is.'),
  ),
  'serve/request': entry(
    (p) => `The request cannot be answered: ${p.detail}`,
    () => 'What a request may hold is in /openapi.json.',
  ),
  'serve/busy': entry(
    (p) => `${p['running']} predictions are at work, and ${p['waiting']} wait for their turn`,
    () => 'Try again after the seconds that Retry-After says.',
  ),
  'serve/timeout': entry(
    () => 'The prediction was not ready in time, and was stopped',
    () => 'Ask for fewer keys at once, or have the server started with a longer --timeout.',
  ),
  'serve/unavailable': entry(
    () => 'The database is not there now',
    () => 'Try again after the seconds that Retry-After says.',
  ),
  'serve/failed': entry(
    () => 'The server failed',
    () => 'Its log says more, under the request id of the answer.',
  ),
  'export/remote': entry(
    (p) => `The MLflow server ${p['server']} ${p.detail}`,
    () => 'When it is mended, run the same again: what is there already is not sent twice.',
  ),
} as const satisfies Record<string, CodeEntry>
