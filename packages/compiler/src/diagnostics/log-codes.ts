/** Codes of the prediction log; part of the list in `codes.ts`. */
import { type CodeEntry, entry } from './code-entry.ts'

export const logCodes = {
  'log/no-target': entry(
    (p) =>
      `Dataset "${p['dataset']}" has no target view that could tell the labels of predictions of model "${p.model}"`,
    () => 'Give them: viewcast predictions label <model> <file>',
  ),
  'log/no-value': entry(
    (p) => `The log of model "${p.model}" version ${p['version']} does not have ${p.column}, which is measured`,
    () => 'Log predictions with the outputs the model has by itself.',
  ),
} as const satisfies Record<string, CodeEntry>
