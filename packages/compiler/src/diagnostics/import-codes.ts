/** Codes of importing what exists; part of the list in `codes.ts`. */
import { type CodeEntry, entry } from './code-entry.ts'

export const importCodes = {
  'import/source': entry(
    (p) => `Nothing can be imported from ${p.source}: ${p.detail}`,
    (p) => p.hint,
  ),
  'import/manifest': entry(
    (p) => `${p.file} is not a dbt manifest this version reads: ${p.detail}`,
    () => 'Manifests v4 to v12 (dbt 1.0 and later) are read; dbt compile writes target/manifest.json.',
  ),
  'import/no-key': entry(
    (p) => `${p.view} is left out: ${p.detail}`,
    (p) => p.hint ?? 'Name the entity and its key: --entity customer=customer_id.',
    'warning',
  ),
  'import/time-zone': entry(
    (p) => `${p.view} is left out: its time ${p.column} is ${p.type}, which is no instant`,
    (p) => `Write ${p.cast}, with the zone the values are in.`,
    'warning',
  ),
  'import/unsure': entry(
    (p) => `${p.view}: ${p.detail}`,
    (p) => p.hint,
    'warning',
  ),
  'import/not-a-feature': entry(
    (p) => `${p.view}: left out of the features: ${p.columns}`,
    (p) => p.hint,
    'warning',
  ),
  'import/not-compiled': entry(
    (p) => `${p.view} is a dbt template that has not been compiled`,
    () => 'Run dbt compile (or dbt run), then import target/manifest.json.',
    'warning',
  ),
  'import/left-out': entry(
    (p) => `${p.view} is left out: ${p.detail}`,
    (p) => p.hint,
    'warning',
  ),
} as const satisfies Record<string, CodeEntry>
