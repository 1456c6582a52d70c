/** Codes of plans, and of what is done by them. */
import { type CodeEntry, entry } from './code-entry.ts'

export const deployCodes = {
  'deploy/conflict': entry(
    (p) => `"${p.object}" exists and was not made by viewcast`,
    () => 'Choose another name with --name, or drop it yourself.',
  ),
  'deploy/breaking': entry(
    (p) => `Replacing "${p.object}" would change or remove columns: ${p.columns}`,
    () => 'Deploy under another name with --name; nothing was changed.',
  ),
  'deploy/verification': entry(
    (p) => `${p.rows} verification rows disagree on this engine; nothing was deployed`,
    () => 'Run: viewcast verify, and report this with the engine version.',
  ),
  'deploy/moved': entry(
    (p) => `"${p.object}" is no longer what was planned for: ${p.what}`,
    () => 'Nothing was changed. Plan again, and look at what it says now: viewcast plan',
  ),
} as const satisfies Record<string, CodeEntry>
