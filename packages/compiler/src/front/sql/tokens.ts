/** Tokens of a text without its comments, found by where they start. */
import { characterOffsets, scanTokens, type Token } from './parser.ts'

export interface Tokens {
  readonly all: readonly Token[]
  /** Index of the token that starts at a character; -1 when none does. */
  readonly startingAt: (character: number) => number
  /** Character offset of a byte offset, which is what trees count in. */
  readonly at: (byte: number) => number
}

export function tokensOf(text: string): Tokens {
  const all = scanTokens(text).filter((t) => !t.name.endsWith('COMMENT'))
  const starts = new Map(all.map((t, i) => [t.start, i]))
  return { all, startingAt: (character) => starts.get(character) ?? -1, at: characterOffsets(text) }
}

/** Index of the last token of a dotted name that starts at token `first`; a part may be `U&"…" UESCAPE '!'`. */
export function nameEnd(tokens: readonly Token[], first: number, parts = Number.POSITIVE_INFINITY): number {
  let last = afterEscape(tokens, first)
  for (let n = 1; n < parts && tokens[last + 1]?.text === '.'; n++) last = afterEscape(tokens, last + 2)
  return last
}

const afterEscape = (tokens: readonly Token[], i: number): number =>
  tokens[i + 1]?.text.toLowerCase() === 'uescape' ? i + 2 : i
