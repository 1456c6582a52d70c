/** What is too long, empty or not text, told before the database is asked, all of it at once. */
import { type Diagnostic, diagnostic, throwIfErrors } from '@viewcast/compiler'

/** Characters; those of MLflow, so that what is kept here can be sent there. */
const limits = { key: 250, param: 6000, tag: 8000, experiment: 500 } as const

const shown = (key: string): string => (key.length > 60 ? `${key.slice(0, 59)}…` : key)

// The server counts code points; only a text that may be too long is worth counting.
const isLonger = (text: string, most: number): boolean => text.length > most && [...text].length > most

function problem(text: string, most: number): string | undefined {
  if (isLonger(text, most)) return `it has ${[...text].length} characters, and ${most} is the most`
  // PostgreSQL has no such character in text.
  return text.includes('\0') ? 'it holds the character U+0000' : undefined
}

const refused = (what: string, detail: string): Diagnostic => diagnostic('run/value', { what, detail })

/** Problems of a name: the key of a param, a tag or a metric. */
export function keyProblems(what: string, key: string): readonly Diagnostic[] {
  const detail = key === '' ? 'its name is empty' : problem(key, limits.key)
  return detail === undefined ? [] : [refused(`${what} "${shown(key)}"`, detail)]
}

/** Problems of a key and its value. */
export function pairProblems(what: 'param' | 'tag', key: string, value: string): readonly Diagnostic[] {
  const detail = problem(value, limits[what])
  return [
    ...keyProblems(what, key),
    ...(detail === undefined ? [] : [refused(`${what} "${shown(key)}"`, `of its value, ${detail}`)]),
  ]
}

/** Refuses a name of an experiment. Errors: `run/value`. */
export function checkExperimentName(name: string): void {
  const detail = name.trim() === '' ? 'it is empty' : problem(name, limits.experiment)
  if (detail !== undefined) throwIfErrors([refused(`the name "${shown(name)}" of an experiment`, detail)])
}

/** Refuses tags. Errors: `run/value`. */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  throwIfErrors(Object.entries(tags).flatMap(([key, value]) => pairProblems('tag', key, value)))
}

/** Refuses a text without a limit of its own, such as a note. Errors: `run/value`. */
export function checkText(what: string, text: string): void {
  const detail = problem(text, 1_000_000)
  if (detail !== undefined) throwIfErrors([refused(what, detail)])
}
