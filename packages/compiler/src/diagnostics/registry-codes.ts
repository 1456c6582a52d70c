/** Codes of the registry of models; part of the list in `codes.ts`. */
import { entry, near } from './code-entry.ts'

export const registryCodes = {
  'model/selector': entry(
    (p) => `"${p['selector']}" names no version: ${p['text']}`,
    () =>
      'Write a version number, an alias such as production, or latest: delay15@3, delay15@production, delay15@latest.',
  ),
  'model/alias-name': entry(
    (p) => `An alias cannot be named "${p['alias']}"`,
    () =>
      'Begin with a letter and go on with letters, digits, "_", "." and "-", 100 at most; numbers, v3 and latest name versions already.',
  ),
  'model/no-alias': entry(
    (p) =>
      `Model "${p.model}" ${p['at'] === undefined ? 'has' : 'had'} no alias "${p['alias']}"${p['at'] === undefined ? '' : ` at ${p['at']}`}`,
    (p) => near(p) ?? (p['known'] === undefined ? undefined : `There are: ${p['known']}.`),
  ),
  'model/alias-moved': entry(
    (p) => `Alias "${p['alias']}" of model "${p.model}" ${p['now']}, not at ${p.expected}`,
    () => 'Somebody changed it meanwhile: look at its history, then decide again.',
  ),
  'model/deleted': entry(
    (p) => `${p.version === undefined ? 'Every version' : `Version ${p.version}`} of model "${p.model}" was deleted`,
    (p) => `To have it back: viewcast models delete ${p.model}@${p.version ?? '<version>'} --undo`,
  ),
  'model/aliased': entry(
    (p) => `Version ${p.version} of model "${p.model}" is not deleted: ${p['aliases']} points at it`,
    (p) => `Point the alias elsewhere, or remove it: viewcast models demote ${p.model}@<alias>`,
  ),
  'model/needs-store': entry(
    (p) => `"${p.model}@${p['alias']}" names an alias, and aliases are kept in the store, which is not there`,
    () => 'Create it with viewcast store migrate, or name the version by its number.',
  ),
  'model/record-differs': entry(
    (p) => `The file of version ${p.version} of model "${p.model}" differs from the registry, which counts`,
    (p) => `To have the file written again: viewcast models show ${p.model}@${p.version} --restore`,
    'warning',
  ),
}
