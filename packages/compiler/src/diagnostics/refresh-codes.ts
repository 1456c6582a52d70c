/** What is wrong with a deployed table, or with what would be its rows. */
import { type CodeEntry, entry } from './code-entry.ts'

export const refreshCodes = {
  'refresh/not-a-table': entry(
    (p) =>
      p.kind === undefined
        ? `Nothing is deployed as "${p.name}"`
        : `"${p.name}" is deployed as a ${p.kind}, and only tables are refreshed`,
    (p) =>
      p.kind === undefined
        ? "Declare it with as: 'table', then run: viewcast plan, and viewcast apply."
        : 'It computes its rows when it is asked.',
  ),
  'refresh/busy': entry(
    (p) => `${p.table} is being refreshed or deployed by somebody else`,
    () => 'Try again when that is done, or wait longer with --wait.',
  ),
  'refresh/instant': entry(
    (p) => `"${p.table}" ${p.detail}`,
    (p) => p.hint,
  ),
  'refresh/keys': entry(
    (p) => `The predictions for ${p.table} have ${p.detail}; the table is as it was`,
    () => 'The relation that lists the entity has to have each key once, and none that is NULL.',
  ),
  'refresh/row-security': entry(
    (p) => `Row-level security would hide rows from the refresh of ${p.table}; the table is as it was`,
    () => 'Refresh with a role that bypasses row-level security, or owns what the query reads.',
  ),
  'refresh/verification': entry(
    (p) => `The deployed model no longer gives what it was trained to give: ${p.rows}; ${p.table} is as it was`,
    () => 'Run: viewcast verify, and report this with the engine version.',
  ),
} as const satisfies Record<string, CodeEntry>
