/** XML as a tree that knows its places, and back to text. */
import { SaxesParser } from 'saxes'

export interface Element {
  /** Without a prefix. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  /** All characters between its tags, those of its children left out. */
  readonly text: string
  /** From 1. */
  readonly line: number
  readonly column: number
}

/** What is wrong with a text that is no XML, and where. */
export interface XmlProblem {
  readonly message: string
  readonly line: number
  readonly column: number
}

/** Reads a document; entities of its own are not expanded. */
export function readXml(text: string): Element | XmlProblem {
  const parser = new SaxesParser({ position: true })
  interface Open {
    name: string
    attributes: Record<string, string>
    children: Element[]
    text: string
    line: number
    column: number
  }
  const open: Open[] = [{ name: '', attributes: {}, children: [], text: '', line: 1, column: 1 }]
  let problem: XmlProblem | undefined
  parser.on('error', (e) => {
    problem ??= { message: e.message.replace(/^\d+:\d+: /, ''), line: parser.line, column: parser.column }
  })
  parser.on('opentag', (tag) => {
    const attributes = Object.fromEntries(Object.entries(tag.attributes).map(([k, v]) => [k, String(v)]))
    const name = tag.name.slice(tag.name.indexOf(':') + 1)
    open.push({ name, attributes, children: [], text: '', line: parser.line, column: parser.column })
  })
  parser.on('text', (part) => {
    const last = open.at(-1)
    if (last) last.text += part
  })
  parser.on('cdata', (part) => {
    const last = open.at(-1)
    if (last) last.text += part
  })
  parser.on('closetag', () => {
    const done = open.pop()
    if (done) open.at(-1)?.children.push(done)
  })
  parser.write(text).close()
  if (problem !== undefined) return problem
  const root = open[0]?.children[0]
  return root ?? { message: 'the document has no element', line: 1, column: 1 }
}

export const child = (e: Element, name: string): Element | undefined => e.children.find((c) => c.name === name)
export const childrenOf = (e: Element, name: string): readonly Element[] => e.children.filter((c) => c.name === name)

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string =>
  // Control characters have no place in XML 1.0, escaped or not.
  [...text].map((c) => (c < ' ' && !'\t\n\r'.includes(c) ? '\ufffd' : (entities[c] ?? c))).join('')

/** An element to be written: what is undefined is left out. */
export interface Written {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>
  readonly children: readonly (Written | undefined)[] | string
}

export const written = (
  name: string,
  attributes: Written['attributes'] = {},
  children: Written['children'] = [],
): Written => ({ name, attributes, children })

/** As text, two spaces a level. */
export function printXml(e: Written, indent = ''): string {
  const attributes = Object.entries(e.attributes)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => ` ${k}="${escaped(String(v)).replace(/[\t\n\r]/g, (c) => `&#${c.charCodeAt(0)};`)}"`)
    .join('')
  if (typeof e.children === 'string') return `${indent}<${e.name}${attributes}>${escaped(e.children)}</${e.name}>`
  const inner = e.children.filter((c) => c !== undefined).map((c) => printXml(c, `${indent}  `))
  if (inner.length === 0) return `${indent}<${e.name}${attributes}/>`
  return `${indent}<${e.name}${attributes}>\n${inner.join('\n')}\n${indent}</${e.name}>`
}
