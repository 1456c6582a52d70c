/**
 * PostgreSQL's own grammar, behind one interface. The only file that imports the parser.
 *
 * The grammar is WebAssembly and is loaded once by {@link loadParser}; everything after that is synchronous.
 */
import { loadModule, parseSync, scanSync } from 'libpg-query'
import { type Diagnostic, diagnostic, fail, InternalError, ViewcastError } from '../../diagnostics/diagnostic.ts'
import { locate } from '../../diagnostics/locate.ts'

/** A node of the parse tree: `{ SelectStmt: {…} }` and the like, kept as plain JSON. */
export type Node = { readonly [key: string]: unknown }

export interface Token {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly name: string
}

let ready = false

/** Loads the grammar (about 50 ms, once). Call it before any compile function. */
export async function loadParser(): Promise<void> {
  if (ready) return
  await loadModule()
  ready = true
}

/** Who is speaking, in messages: `view "profile"`, and the file or description a location names. */
export interface Speaker {
  readonly view: string
  readonly file: string
}

/** Parses text into its statements. Errors: `sql/syntax` with the place of the offending token. */
export const parseStatements = (text: string, speaker: Speaker): readonly Node[] =>
  statementsOf(text, speaker).map((s) => s.stmt)

function statementsOf(text: string, speaker: Speaker): readonly { stmt: Node; stmt_location?: number }[] {
  assertReady()
  // The grammar takes neither nothing nor what C takes for the end.
  if (text === '') return []
  const nul = text.indexOf('\0')
  if (nul >= 0) fail('sql/syntax', { view: speaker.view, detail: 'a NUL character' }, locate(speaker.file, text, nul))
  // No encoding has it: the server would be sent another character, without a word.
  const half = text.search(/\p{Surrogate}/u)
  if (half >= 0) {
    fail('sql/syntax', { view: speaker.view, detail: 'half of a UTF-16 pair' }, locate(speaker.file, text, half))
  }
  try {
    return (parseSync(text) as { stmts?: { stmt: Node; stmt_location?: number }[] }).stmts ?? []
  } catch (e) {
    throw new ViewcastError([syntaxDiagnostic(e, text, speaker)], { cause: e })
  }
}

/** The one SELECT a view is. Errors: `sql/syntax`, `sql/several-statements`, `sql/not-a-select`. */
export function parseSelect(text: string, speaker: Speaker): Node {
  const statements = statementsOf(text, speaker)
  if (statements.length > 1) {
    const second = characterOffsets(text)(statements[1]?.stmt_location ?? 0)
    const count = String(statements.length)
    fail('sql/several-statements', { view: speaker.view, count }, locate(speaker.file, text, second))
  }
  const statement = statements[0]?.stmt ?? {}
  const select = statement.SelectStmt
  if (select === undefined || (select as Node).intoClause !== undefined) {
    const start = text.length - text.trimStart().length
    fail('sql/not-a-select', { view: speaker.view, ...whatItIs(statement) }, locate(speaker.file, text, start))
  }
  return select as Node
}

const written: Readonly<Record<string, string>> = {
  ViewStmt: 'CREATE VIEW',
  CreateTableAsStmt: 'CREATE … AS',
  SelectStmt: 'SELECT INTO',
  InsertStmt: 'INSERT',
  UpdateStmt: 'UPDATE',
  DeleteStmt: 'DELETE',
  MergeStmt: 'MERGE',
  ExplainStmt: 'EXPLAIN',
  VariableSetStmt: 'SET',
}

function whatItIs(statement: Node): { detail?: string; hint?: string } {
  const [kind] = Object.keys(statement)
  if (kind === undefined) return { detail: 'there is no statement in it' }
  const name = written[kind]
  if (name === undefined) return {}
  const hint = name.startsWith('CREATE') ? { hint: 'Keep the SELECT behind AS, and nothing else.' } : {}
  return { detail: `it is ${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`, ...hint }
}

/** Tokens and comments with character offsets, of text that parses: the scanner cannot say what is wrong with another. */
export function scanTokens(text: string): readonly Token[] {
  assertReady()
  const toCharacter = characterOffsets(text)
  const { tokens } = scanSync(text.replace(unescaped, ' ')) as {
    tokens: { start: number; end: number; tokenName: string }[]
  }
  return tokens.map((t) => {
    const start = toCharacter(t.start)
    const end = toCharacter(t.end)
    return { start, end, text: text.slice(start, end), name: t.tokenName }
  })
}

/**
 * What the scanner writes into its JSON as it is, which is no JSON then. In text that parses they stand in strings, quoted
 * names and comments, or are white space; a space changes no token.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const unescaped = /[\x01-\x08\x0b\x0c\x0e-\x1f]/g

/**
 * Turns byte offsets into character offsets: the grammar counts UTF-8 bytes, JavaScript strings count UTF-16 units.
 */
export function characterOffsets(text: string): (byte: number) => number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is "all of ASCII"
  if (/^[\x00-\x7f]*$/.test(text)) return (byte) => byte
  const map: number[] = []
  let character = 0
  for (const symbol of text) {
    const code = symbol.codePointAt(0) ?? 0
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    for (let i = 0; i < bytes; i++) map.push(character)
    character += symbol.length
  }
  map.push(character)
  return (byte) => map[byte] ?? character
}

function syntaxDiagnostic(e: unknown, text: string, speaker: Speaker): Diagnostic {
  const details = (e as { sqlDetails?: { message: string; cursorPosition: number } }).sqlDetails
  const message = details?.message ?? (e as Error).message
  // Unlike tree locations, an error's position counts code points, from 0.
  const offset = [...text].slice(0, details?.cursorPosition ?? 0).join('').length
  const word = /^\S+/.exec(text.slice(offset))?.[0] ?? ''
  const hint = foreignHint(text, offset)
  return diagnostic(
    'sql/syntax',
    { view: speaker.view, detail: message, ...(hint === undefined ? {} : { hint }) },
    locate(speaker.file, text, offset, Math.max(1, word.length)),
  )
}

/** What is no SQL but often stands in SQL files: commands and variables of tools. */
function foreignHint(text: string, offset: number): string | undefined {
  const rest = text.slice(offset)
  if (/^\\[a-z!]/i.test(rest)) return 'A line that begins with a backslash is a command of psql; remove it.'
  if (/^:['"]?\w/.test(rest))
    return 'A name behind a colon is a variable of psql; write the value, or read it from spine.'
  if (/^(\{\{|\{%|\{#|%\})/.test(rest)) return 'Templates are not expanded here; use the text that their tool compiled.'
  if (/\?\s*$/.test(text.slice(0, offset)) || rest.startsWith('?'))
    return 'A view has no parameters; write the value, or read it from spine.'
  return undefined
}

function assertReady(): void {
  if (!ready) throw new InternalError('The SQL grammar was used before loadParser()')
}
