/** Reads Markdown pages: links, headings, fenced blocks. */
import { read } from './sources.ts'

export interface Block {
  /** First word after the fence: `ts`, `sql`, `sh`. */
  readonly language: string
  /** The other words: `run`, `out`, `file=db.gen.ts`. */
  readonly words: readonly string[]
  readonly text: string
  /** Line of the first line of the text, from 0. */
  readonly line: number
}

export function blocksOf(page: string): Block[] {
  const lines = read(page).split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\S*)\s*(.*)$/.exec(lines[at] as string)
    if (!fence) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${page}:${at + 1}: the block does not end`)
    const words = (fence[2] as string).split(/\s+/).filter((word) => word !== '')
    blocks.push({ language: fence[1] as string, words, text: lines.slice(at + 1, end).join('\n'), line: at + 1 })
    at = end
  }
  return blocks
}

/** The page without its blocks and its inline code, in which nothing is a link. */
function proseOf(page: string): string {
  return read(page)
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, '')
}

export const linksOf = (page: string): string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string)

/** Headings as the anchors they get. */
export const anchorsOf = (page: string): string[] =>
  [
    ...read(page)
      .replace(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/^#+\s+(.*)$/gm),
  ].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
