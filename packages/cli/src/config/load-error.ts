/** Turns what a loader throws into `project/load` with the place in the user's file. */
import { readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Location } from '@viewcast/sdk'
import { shown } from '../render/path.ts'

export interface LoadSource {
  readonly file: string
  /** Only files below it are the user's. */
  readonly root: string
  readonly cwd: string
  /** The loader's rewriting of a file: same lines, other columns. */
  readonly transform: (source: string, file: string) => string
}

export async function throwLoadError(error: unknown, source: LoadSource): Promise<never> {
  const { diagnostic, isViewcastError, ViewcastError } = await import('@viewcast/sdk')
  const place = placeOf(error, source)
  if (isViewcastError(error)) {
    // A definition was refused while the file ran: its own code, plus the line that made it.
    throw new ViewcastError(
      error.diagnostics.map((d) => (d.location || !place ? d : { ...d, location: place })),
      { cause: error },
    )
  }
  const location = place ?? { file: shown(source.file, source.cwd), line: 1, column: 1, ...textOf(source.file) }
  throw new ViewcastError([diagnostic('project/load', { file: location.file, detail: detailOf(error) }, location)], {
    cause: error,
  })
}

function detailOf(error: unknown): string {
  if (!(error instanceof Error))
    return `it throws ${typeof error === 'string' ? `"${error}"` : 'a value that is no Error'}`
  const first = error.message.split('\n')[0]?.trim() ?? ''
  const text = first.replace(/^ParseError:\s*/, '').replace(/\(0 ?, _[\w$]+\.([\w$]+)\)/g, '$1')
  return error.name === 'Error' ? text : `${error.name}: ${text}`
}

function placeOf(error: unknown, source: LoadSource): Location | undefined {
  if (!(error instanceof Error)) return undefined
  return syntaxPlace(error, source.cwd) ?? missingModulePlace(error, source.cwd) ?? framePlace(error, source)
}

/** Babel: the message ends with `file:line:column`, columns from 0. */
function syntaxPlace(error: Error, cwd: string): Location | undefined {
  const [, file, line, column] = /^ParseError:.*\n\s*(.+):(\d+):(\d+)\s*$/s.exec(error.message) ?? []
  return file === undefined ? undefined : at(file, Number(line), Number(column) + 1, cwd)
}

function missingModulePlace(error: Error, cwd: string): Location | undefined {
  const { requireStack } = error as { requireStack?: readonly string[] }
  const specifier = /^Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1]
  const file = requireStack?.[0]
  if (specifier === undefined || file === undefined) return undefined
  const { text } = textOf(file)
  const offset = Math.max(text?.indexOf(`'${specifier}'`) ?? -1, text?.indexOf(`"${specifier}"`) ?? -1)
  if (text === undefined || offset < 0) return at(file, 1, 1, cwd)
  const before = text.slice(0, offset)
  return at(file, before.split('\n').length, offset - before.lastIndexOf('\n'), cwd, specifier.length + 2)
}

/** The innermost frame in the user's own files. */
function framePlace(error: Error, source: LoadSource): Location | undefined {
  for (const frame of error.stack?.split('\n') ?? []) {
    const [, place, line, column] = /^\s+at (?:.*\()?((?:file:\/\/)?[^()]+):(\d+):(\d+)\)?$/.exec(frame) ?? []
    if (place === undefined) continue
    const file = place.startsWith('file://') ? fileURLToPath(place) : place.replace(/^async /, '')
    if (!file.startsWith(source.root + sep) || file.includes(`${sep}node_modules${sep}`)) continue
    return originalColumn(file, Number(line), Number(column), source)
  }
  return undefined
}

/** Frames count columns in the rewritten text; the word found there is looked up in the line the user wrote. */
function originalColumn(file: string, line: number, column: number, source: LoadSource): Location {
  const { text } = textOf(file)
  if (text === undefined) return at(file, line, column, source.cwd)
  const written = text.split('\n')[line - 1] ?? ''
  const word = wordAt(text, file, line, column, source)
  const found =
    word === undefined ? -1 : written.search(new RegExp(`(?<![\\w$])${word.replaceAll('$', '\\$')}(?![\\w$])`))
  if (found >= 0) return at(file, line, found + 1, source.cwd, word?.length ?? 1)
  return at(file, line, written.length - written.trimStart().length + 1, source.cwd)
}

function wordAt(text: string, file: string, line: number, column: number, source: LoadSource): string | undefined {
  try {
    const rewritten = source.transform(text, file).split('\n')[line - 1] ?? ''
    // Exports are assigned, and imported functions called, in ways nobody wrote: `exports.a = (0, _sdk.b)(…)`. A call
    // that fails is reported at its parenthesis.
    const after = /^(?:exports\.[\w$]+ = )?(?:\(0, )?(?:_[\w$]+\.)?([\w$]+)/.exec(rewritten.slice(column - 1))
    return (after ?? /([\w$]+)\)?$/.exec(rewritten.slice(0, column - 1)))?.[1]
  } catch {
    // The file changed meanwhile: the line alone has to do.
    return undefined
  }
}

const at = (file: string, line: number, column: number, cwd: string, length = 1): Location => ({
  file: shown(file, cwd),
  line,
  column,
  length,
  ...textOf(file),
})

function textOf(file: string): { text?: string } {
  try {
    return { text: readFileSync(file, 'utf8') }
  } catch {
    return {}
  }
}
