/** Option types several commands share, and the values they read. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { OutputChoice } from '@viewcast/sdk'
import { z } from 'zod'
import { jsonText } from './json-text.ts'
import { UsageError } from './usage.ts'

export const limitOption = z.coerce
  .number()
  .int()
  .positive()
  .meta({ value: 'n', expects: 'a whole number above 0', description: 'Rows at most' })

/** How long to wait, in seconds as on every command. */
export const secondsOption = z.coerce.number().positive().optional()

export const atOption = z
  .string()
  .optional()
  .meta({ value: 'instant', description: 'As of this instant, such as 2001-02-01T12:00Z' })

export const versionOption = z.coerce
  .number()
  .int()
  .positive()
  .optional()
  .meta({ value: 'n', expects: 'a version number', description: 'Trained version to use; the newest when absent' })

export const keysOption = z.array(z.string()).optional().meta({
  value: 'keys',
  description: "Whom to ask for: 'customer_id=7' or 'origin=JFK,destination=LAX', or @file.json",
})

export const outOption = z
  .string()
  .optional()
  .meta({ value: 'file', description: 'Write to this file instead of stdout' })

export const outputsOption = z.string().optional().meta({
  value: 'list',
  description:
    'Columns instead of those of the model: value, probabilities, label, linear, contributions, reasons=3, confidence=0.95, interval=0.95',
})

/** Reads `--outputs`: choices with commas between them. Errors: `UsageError`. */
export async function readOutputs(given: string | undefined): Promise<OutputChoice[] | undefined> {
  if (given === undefined) return undefined
  const { outputChoice } = await import('@viewcast/sdk')
  return given.split(',').map((title) => {
    const choice = outputChoice(title)
    if (choice === undefined) throw new UsageError(`--outputs: "${title.trim()}" is no output; see --help`)
    return choice
  })
}

export type Keys = Record<string, unknown>

/**
 * Reads `--keys`: `a=1,b=2` (a comma inside double quotes is part of the value, `""` is a quote), or `@file.json` with
 * one object or an array of objects. Errors: `UsageError`.
 */
export function readKeys(given: readonly string[] | undefined, cwd: string): Keys[] | undefined {
  return given?.flatMap((text) => (text.startsWith('@') ? keysOfFile(text.slice(1), cwd) : [keysOfText(text)]))
}

function keysOfFile(path: string, cwd: string): Keys[] {
  let text: string
  try {
    text = readFileSync(resolve(cwd, path), 'utf8')
  } catch (error) {
    throw new UsageError(`--keys @${path}: ${(error as Error).message}`)
  }
  const json = jsonText(text, `--keys @${path}`)
  const list = Array.isArray(json) ? json : [json]
  if (list.every((k) => typeof k === 'object' && k !== null && !Array.isArray(k))) return list as Keys[]
  throw new UsageError(`--keys @${path} must hold one object or an array of objects`)
}

const assignment = /\s*([^=,"]+?)\s*=\s*("(?:[^"]|"")*"|(?!")[^,]*?)\s*(?:,|$)/y

function keysOfText(text: string): Keys {
  const keys: Keys = {}
  assignment.lastIndex = 0
  while (assignment.lastIndex < text.length) {
    const match = assignment.exec(text)
    if (match === null) throw new UsageError(`--keys "${text}" is not written as name=value,name=value`)
    const [, name = '', value = ''] = match
    if (name in keys) throw new UsageError(`--keys "${text}" gives "${name}" twice`)
    keys[name] = value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value
    // An empty match at the end of the text would start over.
    if (assignment.lastIndex === 0) break
  }
  if (Object.keys(keys).length === 0) throw new UsageError('--keys is empty; write name=value')
  return keys
}
