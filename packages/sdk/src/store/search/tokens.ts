/** Cuts a filter into tokens. What no token begins with becomes a token of its own, for the parser to complain about. */
import type { Span } from './filter.ts'

export interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'symbol' | 'bad' | 'end'
  /** As written, except of `quoted`: what is between the quotes. */
  readonly text: string
  readonly span: Span
  /** Of `quoted`; of `bad` when the closing one is missing. */
  readonly quote?: string
}

const space = /\s+/y
// Keys of metrics and tags are written like paths: `test.auc`, `val/loss`, `learning-rate`. There is no arithmetic, so
// a minus is part of the word.
const word = /[\p{L}_][\p{L}\p{N}_./:@-]*/uy
const rest = /\.[\p{L}\p{N}_./:@-]*/uy
const number = /[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|(?:Infinity|inf)(?![\p{L}\p{N}_]))/iuy
const symbol = /<=|>=|!=|<>|==|[=<>(),]/y
// 2026-11-01 and 3px are no numbers.
const glued = /[\p{L}\p{N}_.:/@-]+/uy

export function tokens(text: string): readonly Token[] {
  const out: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const push = (kind: Token['kind'], found: string, length: number, quote?: string): void => {
    out.push({ kind, text: found, span: { from: at, to: at + length }, ...(quote === undefined ? {} : { quote }) })
    at += length
  }
  while (at < text.length) {
    const blank = match(space)
    if (blank !== undefined) {
      at += blank.length
      continue
    }
    const quote = text[at] as string
    if (quote === "'" || quote === '"' || quote === '`') {
      const inside = quoted(text, at, quote)
      if (inside === undefined) push('bad', text.slice(at), text.length - at, quote)
      else push('quoted', inside.text, inside.length, quote)
      continue
    }
    const last = out.at(-1)
    const continues = last?.kind === 'quoted' && last.span.to === at ? match(rest) : undefined
    const plain = continues ?? match(word)
    if (plain !== undefined) {
      push('word', plain, plain.length)
      continue
    }
    const digits = match(number)
    if (digits !== undefined) {
      at += digits.length
      const more = match(glued) ?? ''
      at -= digits.length
      push(more === '' ? 'number' : 'bad', digits + more, digits.length + more.length)
      continue
    }
    const sign = match(symbol)
    if (sign !== undefined) push('symbol', sign, sign.length)
    else push('bad', String.fromCodePoint(text.codePointAt(at) ?? 0), (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
  }
  out.push({ kind: 'end', text: '', span: { from: at, to: at } })
  return out
}

/** A doubled quote inside is one. Undefined without an end. */
function quoted(text: string, from: number, quote: string): { text: string; length: number } | undefined {
  let inside = ''
  for (let at = from + 1; ; ) {
    const end = text.indexOf(quote, at)
    if (end < 0) return undefined
    inside += text.slice(at, end)
    if (text[end + 1] !== quote) return { text: inside, length: end + 1 - from }
    inside += quote
    at = end + 2
  }
}
