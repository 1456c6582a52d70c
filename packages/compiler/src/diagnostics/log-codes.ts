/** Codes of the prediction log; part of the list in `codes.ts`. */
import { type CodeEntry, entry, near } from './code-entry.ts'

export const logCodes = {
  'log/no-target': entry(
    (p) =>
      `Dataset "${p['dataset']}" has no target view that could tell the labels of predictions of model "${p.model}"`,
    () => 'Give them: viewcast predictions label <model> <file>',
  ),
  'log/label-key': entry(
    (p) =>
      p.type === undefined
        ? `${p.problem} column "${p.column}" in the labels`
        : `The value of key "${p.column}" in label ${p['number']} is no ${p.type}`,
    (p) => near(p) ?? `A label has ${p.needed}, label, and where they matter as_of and request_id.`,
  ),
  'log/no-value': entry(
    (p) => `The log of model "${p.model}" version ${p['version']} does not have ${p.column}, which is measured`,
    () => 'Log predictions with the outputs the model has by itself.',
  ),
} as const satisfies Record<string, CodeEntry>
