/** The catalog as Markdown: a page per entry and one with the contents, or all in one. */

import type { AssetKind } from '../graph/assets.ts'
import type { CatalogEntry, EntryColumn } from './entry.ts'
import type { Neighbour } from './entry-rows.ts'
import { slaText } from './sla-text.ts'

export interface MarkdownPage {
  /** Name of the file. */
  readonly file: string
  readonly text: string
}

const titles: readonly (readonly [AssetKind, string])[] = [
  ['model', 'Models'],
  ['prediction', 'Predictions'],
  ['deployment', 'Deployments'],
  ['dataset', 'Datasets'],
  ['feature_view', 'Feature views'],
  ['sample', 'Samples'],
  ['target', 'Targets'],
  ['source', 'Sources'],
  ['consumer', 'Consumers'],
]

/**
 * A page per entry, and `README.md` with the contents. Names and texts are escaped: they are nobody's markup.
 *
 * @example
 * ```ts
 * for (const { file, text } of catalogPages('flights', await catalogEntries(store))) await writeFile(file, text)
 * ```
 */
export function catalogPages(project: string, entries: readonly CatalogEntry[]): readonly MarkdownPage[] {
  const files = fileNames(entries)
  const link = linker(entries, (e) => files.get(e) ?? '')
  return [
    { file: 'README.md', text: contents(project, entries, (e) => files.get(e) ?? '') },
    ...entries.map((e) => ({ file: files.get(e) ?? '', text: entryText(e, '#', link) })),
  ]
}

/**
 * The same as one document.
 *
 * @example
 * ```ts
 * await writeFile('CATALOG.md', catalogDocument('flights', await catalogEntries(store)))
 * ```
 */
export function catalogDocument(project: string, entries: readonly CatalogEntry[]): string {
  const files = fileNames(entries)
  const of = (e: CatalogEntry): string => `#${(files.get(e) ?? '').replace(/\.md$/, '')}`
  const link = linker(entries, of)
  const pages = entries.map((e) => `<a id="${of(e).slice(1)}"></a>\n\n${entryText(e, '##', link)}`)
  return [contents(project, entries, of), ...pages].join('\n')
}

type Link = (to: { readonly kind: AssetKind; readonly name: string }) => string

function linker(entries: readonly CatalogEntry[], href: (e: CatalogEntry) => string): Link {
  const byName = new Map(entries.map((e) => [`${e.kind} ${e.name}`, e]))
  return ({ kind, name }) => {
    const entry = byName.get(`${kind} ${name}`)
    return entry ? `[${escaped(name)}](${href(entry)})` : escaped(name)
  }
}

/** Two names that differ in signs or case only have different files, also where case does not count. */
function fileNames(entries: readonly CatalogEntry[]): ReadonlyMap<CatalogEntry, string> {
  const taken = new Set(['readme'])
  return new Map(
    entries.map((e) => {
      const base = `${e.kind.replace('_', '-')}-${e.name.replace(/[^A-Za-z0-9._-]+/g, '-')}`.slice(0, 120)
      let name = base
      for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${base}-${n}`
      taken.add(name.toLowerCase())
      return [e, `${name}.md`]
    }),
  )
}

function contents(project: string, entries: readonly CatalogEntry[], href: (e: CatalogEntry) => string): string {
  const sections = titles.flatMap(([kind, title]) => {
    const own = entries.filter((e) => e.kind === kind)
    if (own.length === 0) return []
    const rows = own.map((e) => [
      `[${escaped(e.name)}](${href(e)})`,
      escaped(firstLine(e.texts.description ?? '')),
      escaped((e.texts.owners ?? []).join(', ')),
      escaped((e.texts.tags ?? []).join(', ')),
    ])
    return [`## ${title}\n\n${table(['name', 'description', 'owner', 'tags'], rows)}`]
  })
  return [`# Catalog of ${escaped(project)}\n`, ...sections].join('\n')
}

function entryText(e: CatalogEntry, level: string, link: Link): string {
  const { texts, props } = e
  const facts: [string, string][] = [
    ['kind', e.kind.replace('_', ' ') + (props.form ? `, ${props.form}` : '')],
    ['entity', props.entity ? `${escaped(props.entity.name)} (${props.entity.keys.map(escaped).join(', ')})` : ''],
    ['owner', escaped((texts.owners ?? []).join(', '))],
    ['tags', escaped((texts.tags ?? []).join(', '))],
    ['changes', escaped(texts.updateFrequency ?? '')],
    ['SLA', texts.sla ? slaText(texts.sla) : ''],
    ['label', escaped(props.label ?? '')],
    ['family', escaped(props.family ?? '')],
    ['gone', e.goneAt === null ? '' : `since ${e.goneAt}`],
  ]
  const listed = (items: readonly Neighbour[]): string => items.map((n) => `- ${link(n)}${ownersOf(n)}\n`).join('')
  const section = (title: string, body: string): string => (body === '' ? '' : `\n${level}# ${title}\n\n${body}`)
  return [
    `${level} ${escaped(e.name)}\n`,
    texts.description === undefined ? '' : `\n${escapedLines(texts.description)}\n`,
    `\n${facts.flatMap(([name, value]) => (value === '' ? [] : [`- **${name}**: ${value}\n`])).join('')}`,
    section('Columns', columnTable(e.columns.filter((c) => c.droppedAt === null))),
    section('Made of', listed(e.upstream)),
    section('Read by', listed(e.downstream)),
    section('Used by', listed(e.usedBy)),
    section('Versions', e.versions.length === 0 ? '' : versionTable(e)),
    section('Checks', e.checks.length === 0 ? '' : checkTable(e)),
  ].join('')
}

const ownersOf = (n: Neighbour): string => (n.owners.length === 0 ? '' : ` (${escaped(n.owners.join(', '))})`)

const columnTable = (columns: readonly EntryColumn[]): string =>
  columns.length === 0
    ? ''
    : table(
        ['column', 'type', 'null', 'description'],
        columns.map((c) => [
          escaped(c.name),
          escaped(c.type ?? ''),
          c.nullable === null ? '' : c.nullable ? 'yes' : 'no',
          escaped(
            [c.texts.description ?? '', c.texts.unit ? `in ${c.texts.unit}` : ''].filter((t) => t !== '').join(', '),
          ),
        ]),
      )

const versionTable = (e: CatalogEntry): string =>
  table(
    ['version', 'made', 'by', 'aliases'],
    e.versions.map((v) => [String(v.version), v.createdAt, escaped(v.createdBy ?? ''), escaped(v.aliases.join(', '))]),
  )

const checkTable = (e: CatalogEntry): string =>
  table(
    ['check', 'column', 'result', 'at'],
    e.checks.map((c) => [
      escaped(c.name),
      escaped(c.column ?? ''),
      c.passed ? 'passed' : `failed (${c.severity})`,
      c.at,
    ]),
  )

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map((r) => `| ${r.join(' | ')} |\n`).join('')

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

/** On one line, and no markup: what Markdown and HTML would read is written with a backslash or as an entity. */
const escaped = (text: string): string =>
  text
    .replace(/[\\`*_[\]|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\s+/g, ' ')

/** With its lines; a line begins no heading, list or quote. */
const escapedLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => escaped(line.trim()).replace(/^([#+-]|\d+[.)])/, '\\$1'))
    .join('\n')
