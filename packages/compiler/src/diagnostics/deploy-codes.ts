/** Codes of plans, and of what is done by them. */
import { type CodeEntry, entry, near } from './code-entry.ts'

export const deployCodes = {
  'deploy/conflict': entry(
    (p) => `"${p.object}" exists and was not made by viewcast`,
    () => 'Choose another name with --name, or drop it yourself.',
  ),
  'deploy/breaking': entry(
    (p) => `Replacing "${p.object}" would change or remove columns: ${p.columns}`,
    () => 'Nothing was changed. Allow it with --allow-breaking, or deploy under another name with --name.',
  ),
  'deploy/verification': entry(
    (p) => `${p.rows} verification rows disagree on this engine; nothing was deployed`,
    () => 'Run: viewcast verify, and report this with the engine version.',
  ),
  'deploy/moved': entry(
    (p) => `"${p.object}" is no longer what was planned for: ${p.what}`,
    () => 'Nothing was changed. Plan again, and look at what it says now: viewcast plan',
  ),
  'deploy/claimed': entry(
    (p) => `"${p.object}" is deployed by ${p['by']}`,
    () => 'Deploy into another schema, or under another name; two that deploy one object undo each other.',
  ),
  'deploy/earlier-owner': entry(
    (p) => `"${p.object}" was deployed by ${p['by']} before: its versions stay its own (${p.versions})`,
    () => 'Nothing of it is used or removed. It cannot come back while this deployment has the name.',
    'warning',
  ),
  'deploy/edited': entry(
    (p) => `"${p.object}" was changed by hand since viewcast left it`,
    () => 'See what with: viewcast plan --diff. Take the change into the project, or apply with --overwrite-edited.',
  ),
  'deploy/missing': entry(
    (p) => `"${p.object}" was deployed and is not there any more; it is made again`,
    () => 'Somebody dropped or renamed it. What was granted on it beside the declared readers is gone.',
    'warning',
  ),
  'deploy/no-schema': entry(
    (p) => `"${p.object}" cannot be made: there is no schema "${p['schema']}"`,
    (p) => near(p) ?? `Create it, or have apply create it: createSchema: true in the environment, or --create-schema.`,
  ),
  'deploy/unknown-role': entry(
    (p) => `Deployment "${p['deployment']}" names the role "${p['role']}", which the server does not have`,
    (p) => near(p) ?? `Create it: CREATE ROLE "${p['role']}", or take it out of the declaration.`,
  ),
  'deploy/same-object': entry(
    (p) => `Deployments "${p['first']}" and "${p['second']}" are both "${p.object}"`,
    () => 'Give one of them another name or schema.',
  ),
  'deploy/plan-file': entry(
    (p) => `${p.file} is no plan that can be applied: ${p.detail}`,
    () => 'Plan again: viewcast plan --out plan.json',
  ),
  'deploy/plan-elsewhere': entry(
    (p) =>
      p['of'] === ''
        ? `${p.file} is a plan of no environment, and this is "${p['here']}"`
        : `${p.file} is a plan of ${p['what']} "${p['of']}", and this is ${p['here'] === '' ? 'no environment' : `"${p['here']}"`}`,
    (p) =>
      p['what'] === 'environment' && p['of'] !== ''
        ? `Apply it there: viewcast apply ${p.file} --env ${p['of']}. Or plan for where it is to be applied.`
        : 'Plan for where it is to be applied: viewcast plan --env … --out plan.json',
  ),
  'deploy/dependents': entry(
    (p) => `"${p.object}" cannot leave its place while others depend on it: ${p.dependents}`,
    (p) =>
      `With --leave-dependents they go on reading version ${p.version}, kept as "${p.kept}". Or change them first; nothing was changed.`,
  ),
  'deploy/left-behind': entry(
    (p) => `These go on reading version ${p.version} of "${p.object}", kept as "${p.kept}": ${p.dependents}`,
    () => 'Replace them, so that they read what is live. Until then viewcast gc keeps that version.',
    'warning',
  ),
  'deploy/not-carried': entry(
    (p) => `The new "${p.object}" is without what viewcast cannot carry over: ${p.what}`,
    () => 'Make it again on the new object; the kept one still has it.',
    'warning',
  ),
  'deploy/unchanged': entry(
    (p) => `"${p.name}" is as it is declared, so there is no change to write`,
    () => 'Write all of it with --sql.',
  ),
  'deploy/unknown': entry(
    (p) => `No deployment is named "${p.name}"`,
    (p) =>
      p['kind'] === 'model'
        ? `It is a model: name a deployment of it, or say what to make of the model with --as view.`
        : (near(p) ?? (p['known'] ? `There are: ${p['known']}.` : 'List them with: viewcast deployments ls')),
  ),
  'deploy/ambiguous': entry(
    (p) => `"${p.name}" may be ${p['objects']}`,
    () => 'Name the object with its schema, or the environment with --env.',
  ),
  'deploy/no-version': entry(
    (p) =>
      p.version
        ? `"${p.object}" has no version ${p.version}; there are ${p.versions}`
        : `"${p.object}" had no version before; there is ${p.versions}`,
    (p) => `See them with: viewcast deployments history ${p.object}`,
  ),
  'deploy/gone': entry(
    (p) => `Version ${p.version} of "${p.object}" cannot come back, because what it reads is gone: ${p.detail}`,
    () => 'Bring back what it reads, or choose another version with --to. Nothing was changed.',
  ),
  'deploy/not-kept': entry(
    (p) => `Version ${p.version} of "${p.object}" is made again: the one put aside, "${p.kept}", ${p.what}`,
    () => 'Of a table this means new rows; grants are those of the object that is there.',
    'warning',
  ),
  'deploy/removal': entry(
    (p) => `"${p.object}" is declared no more, and would be put aside`,
    () => 'Nothing was changed. Allow it with --allow-remove.',
  ),
  'deploy/other-label': entry(
    (p) =>
      `"${p['deployment']}" has ${p.model}, which learned "${p['learned']}", and the project declares "${p['label']}"`,
    (p) => `Train it again: viewcast train ${p.name}. What is deployed predicts "${p['learned']}" until then.`,
    'warning',
  ),
  'deploy/forbidden': entry(
    (p) => `${p.role} may not ${p.what}`,
    (p) => `Nothing was changed. Let somebody who may run: ${p.statement}`,
  ),
  'deploy/fails': entry(
    (p) => `"${p.object}" fails when it is read: ${p.detail}`,
    () =>
      'Nothing was changed. Look at the rows with: viewcast predict, and mend the view that divides, casts or parses.',
  ),
  'deploy/locked': entry(
    (p) => `"${p.object}" could not be locked in ${p.seconds} s${p.sessions ? `: held by session ${p.sessions}` : ''}`,
    () => 'Nothing was changed. Try again when that transaction has ended, or wait for longer with --patience.',
  ),
} as const satisfies Record<string, CodeEntry>
