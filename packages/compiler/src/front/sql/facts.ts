/**
 * Facts about a user's SQL: which relations it reads and where, what it returns.
 *
 * The text itself is never re-printed from the tree; references are replaced by location, so users recognise their SQL.
 */
import { fail } from '../../diagnostics/diagnostic.ts'
import { locate } from '../../diagnostics/locate.ts'
import { type OutputItem, outputItems } from './output-items.ts'
import { characterOffsets, type Node, parseSelect, type Speaker, scanTokens } from './parser.ts'
import { namesIn, type QualifiedColumn, type Reference } from './references.ts'
import { tokensOf } from './tokens.ts'
import { child, number, text as str, walk } from './tree.ts'

export interface SqlFacts {
  readonly text: string
  readonly select: Node
  readonly references: readonly Reference[]
  readonly qualifiedColumns: readonly QualifiedColumn[]
  /** Names of the statement's own CTEs, at any depth. */
  readonly ctes: ReadonlySet<string>
  /** The outermost select list; empty for set operations and VALUES. */
  readonly outputs: readonly OutputItem[]
}

/**
 * Facts of the texts read last: a compilation asks for those of each view several times (27 parses and 50 scans for 9
 * texts), and a scan takes milliseconds while the grammar is new in the process. Bounded by their length, so that a
 * project of a thousand views fits and one of a million does not stay.
 */
const remembered = new Map<string, SqlFacts>()
const mostCharacters = 8_000_000
let characters = 0

/** Reads the facts of one SELECT. Errors: `sql/syntax`, `sql/several-statements`, `sql/not-a-select`, `sql/parameter`. */
export function sqlFacts(source: string, speaker: Speaker): SqlFacts {
  const known = remembered.get(source)
  if (known) return known
  const facts = readFacts(source, speaker)
  characters += source.length
  for (const oldest of remembered.keys()) {
    if (characters <= mostCharacters) break
    remembered.delete(oldest)
    characters -= oldest.length
  }
  remembered.set(source, facts)
  return facts
}

function readFacts(source: string, speaker: Speaker): SqlFacts {
  // Places in the source are places in the text: all that goes is at its end.
  const select = parseSelect(source.trimEnd(), speaker)
  refuseWhatIsNoView(select, source, speaker)
  const text = withoutTrailingSemicolon(source)
  const tokens = tokensOf(text)
  return { text, select, ...namesIn(select, tokens), outputs: outputItems(select, tokens) }
}

function refuseWhatIsNoView(select: Node, source: string, speaker: Speaker): void {
  const place = (node: Node) => locate(speaker.file, source, characterOffsets(source)(number(node, 'location') ?? 0))
  walk(select, (type, node) => {
    if (type === 'CommonTableExpr' && !child(child(node, 'ctequery'), 'SelectStmt'))
      fail('sql/not-a-select', { view: speaker.view, detail: `"${str(node, 'ctename')}" writes` }, place(node))
    if (type === 'LockingClause') {
      const word = scanTokens(source).findLast((t) => t.text.toLowerCase() === 'for')
      fail(
        'sql/not-a-select',
        { view: speaker.view, detail: 'it locks rows' },
        locate(speaker.file, source, word?.start ?? 0, word?.text.length),
      )
    }
    if (type === 'ParamRef')
      fail('sql/parameter', { view: speaker.view, parameter: `$${number(node, 'number') ?? ''}` }, place(node))
    return undefined
  })
}

/** Drops a final semicolon, so that the text can stand inside parentheses. Comments after it are kept. */
function withoutTrailingSemicolon(source: string): string {
  let text = source
  // The start stays as it is: places in the text are places in the user's file.
  if (source.includes(';')) {
    const tokens = scanTokens(source).filter((t) => !t.name.endsWith('COMMENT'))
    for (let i = tokens.length - 1; i >= 0 && tokens[i]?.text === ';'; i--) {
      const { start = 0, end = 0 } = tokens[i] ?? {}
      text = text.slice(0, start) + text.slice(end)
    }
  }
  return text.trimEnd()
}
