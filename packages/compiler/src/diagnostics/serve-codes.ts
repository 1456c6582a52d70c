/** Codes of serving the store to others, and of sending it to them. */
import { type CodeEntry, entry } from './code-entry.ts'

export const serveCodes = {
  'serve/token': entry(
    (p) => `Others can reach ${p['host']}, so serving there needs a token`,
    () => 'Set VIEWCAST_MLFLOW_TOKEN, or serve on 127.0.0.1, which is the default.',
  ),
  'serve/address': entry(
    (p) => `${p['address']} cannot be listened on: ${p.detail}`,
    () => 'Pass another --port; 0 takes one that is free.',
  ),
  'export/remote': entry(
    (p) => `The MLflow server ${p['server']} ${p.detail}`,
    () => 'When it is mended, run the same again: what is there already is not sent twice.',
  ),
} as const satisfies Record<string, CodeEntry>
