/** Codes of runs and experiments; part of the list in `codes.ts`. */
import { type CodeEntry, entry } from './code-entry.ts'

export const runCodes = {
  'run/param': entry(
    (p) => `A param of a run does not change: ${p.detail}`,
    () => 'Start another run, or keep what changes as a metric or a tag.',
  ),
  'run/reference': entry(
    (p) => `"${p['run']}" does not name a run: ${p.detail}`,
    () => 'Use more digits of the id, or "latest"; viewcast runs ls lists them.',
  ),
  'run/not-active': entry((p) => `Run ${p['run']} is not in the store, or was deleted`),
  'run/value': entry(
    (p) => `${p['what']} cannot be kept: ${p.detail}`,
    () => 'Keep long texts as a file of the run.',
  ),
  'run/key': entry(
    (p) => `The key "${p['key']}" is that of run ${p['run']}, which is ${p['state']}`,
    () => 'Work that failed, was killed or got lost is taken up again with resume: true.',
  ),
  'run/running': entry(
    (p) => `Run ${p['run']} is at work, in another process`,
    () => 'Wait for its end; it becomes lost when nothing is heard of it until its lease ends.',
  ),
  'run/file': entry(
    (p) => `File "${p['path']}" of run ${p['run']}: ${p.detail}`,
    (p) => p.hint,
  ),
  'experiment/exists': entry(
    (p) => `There is an experiment named "${p.name}" already`,
    () => 'Choose another name, or rename the one that has it.',
  ),
  'experiment/not-found': entry(
    (p) => `No experiment ${p['experiment']} is in the store`,
    () => 'List them with: viewcast experiments ls',
  ),
} as const satisfies Record<string, CodeEntry>
