/** Prints inferred declarations as a TypeScript module, as a person would write it. */
import type { Diagnostic, RelationName } from '@viewcast/compiler'
import { freeName, identifierOf } from './infer-names.ts'
import type { Inferred, InferredDataset, InferredEntity, InferredFeature, InferredView } from './inferred.ts'

export interface ModuleOptions {
  /** Name of the project. */
  readonly project: string
  /** The command that wrote it, for the header. */
  readonly command: string
  /** Module specifier of the generated `DB` interface; without one the tables are not typed. */
  readonly types?: string
}

const width = 110

/** The module's text. Deterministic: no dates, no machine. */
export function writeModule(inferred: Inferred, options: ModuleOptions): string {
  const names = identifiers(inferred)
  const features = inferred.views.filter((v) => v.kind !== 'sample' && v.kind !== 'target')
  const rest = inferred.views.filter((v) => v.kind === 'sample' || v.kind === 'target')
  const blocks = [
    `// Written by \`${oneLine(options.command)}\`, and yours from now on. What was guessed is marked "check:".`,
    [
      "import { project } from '@viewcast/sdk'",
      ...(options.types === undefined ? [] : [`import type { DB } from ${quoted(options.types)}`]),
      '',
      `const p = project<${options.types === undefined ? 'Record<string, unknown>' : 'DB'}>(${quoted(options.project)})`,
    ].join('\n'),
    ...inferred.entities.map((e) => entityBlock(e, names, options.types !== undefined)),
    ...features.map((v) => viewBlock(v, names)),
    ...rest.map((v) => roleBlock(v, names)),
    ...(inferred.dataset === undefined ? [] : [datasetBlock(inferred.dataset, names)]),
    ...missing(inferred.findings),
  ]
  return `${blocks.join('\n\n')}\n`
}

type Identifiers = ReadonlyMap<string, string>

/** Definitions are told apart by name; their constants must be too, and two names may give one identifier. */
function identifiers({ entities, views, dataset }: Inferred): Identifiers {
  const taken = new Set<string>()
  const all = [...entities, ...views, ...(dataset ? [dataset] : [])]
  return new Map(all.map(({ name }) => [name, freeName(identifierOf(name), taken)]))
}

function entityBlock(entity: InferredEntity, names: Identifiers, typed: boolean): string {
  const keys = `{ ${entity.keys.map((k) => `${property(k.name)}: ${quoted(k.type)}`).join(', ')} }`
  // With typed tables a text must be one of them, which the file may not have.
  const from =
    entity.from === undefined ? '' : `, { from: ${typed ? relationObject(entity.from) : relation(entity.from)} }`
  return [
    ...comments(entity.checks),
    `export const ${names.get(entity.name)} = p.entity(${quoted(entity.name)}, ${keys}${from})`,
  ].join('\n')
}

function viewBlock(view: InferredView, names: Identifiers): string {
  const head = `export const ${names.get(view.name)} = p`
  const call = view.query.kind === 'file' ? sqlViewCall(view, names) : existingViewCall(view, names)
  const features = view.features.map((f) => `${property(f.name)}: ${meta(f)},`)
  const declared = features.length === 0 ? '' : `.features({\n  ${features.join('\n  ')}\n})`
  const oneLine = `${head}.${call}.features({`
  const body =
    oneLine.length <= width
      ? `${head}.${call}${declared}`
      : `${head}\n  .${call}\n  ${declared.replaceAll('\n', '\n  ')}`
  return [...comments(view.checks), ...leftOut(view, names), body].join('\n')
}

function sqlViewCall(view: InferredView, names: Identifiers): string {
  const path = view.query.kind === 'file' ? view.query.path : ''
  const file = path === `views/${view.name}.sql` ? [] : [`file: ${quoted(path)}`]
  return `sqlView(${quoted(view.name)}, { ${[...viewOptions(view, names), ...file].join(', ')} })`
}

function existingViewCall(view: InferredView, names: Identifiers): string {
  const own = view.query.kind === 'relation' ? view.query.relation : { name: view.name }
  const name = own.name === view.name ? [] : [`name: ${quoted(view.name)}`]
  return `existingView(${relation(own)}, { ${[...viewOptions(view, names), ...name].join(', ')} })`
}

const viewOptions = (view: InferredView, names: Identifiers): string[] => [
  `entity: ${names.get(view.entity)}`,
  ...(view.kind === 'window' ? ["kind: 'window'"] : []),
  ...(view.time === undefined ? [] : [`time: ${quoted(view.time)}`]),
  ...(view.description === undefined ? [] : [`description: ${quoted(oneLine(view.description))}`]),
]

/** Undeclared columns are features all the same; the comment says how to leave them out of a dataset. */
function leftOut(view: InferredView, names: Identifiers): string[] {
  if (view.leftOut.length === 0) return []
  const columns = view.leftOut.map((l) => `${l.column} (${l.reason})`).join(', ')
  const pick = view.features.map((f) => quoted(f.name)).join(', ')
  return [`// Not features: ${oneLine(columns)}. In a dataset: ${names.get(view.name)}.pick(${pick})`]
}

function roleBlock(view: InferredView, names: Identifiers): string {
  const method = view.kind === 'sample' ? 'columns' : 'label'
  const columns = view.columns.map((c) => `${property(c.name)}: ${quoted(c.type)}`)
  const source =
    view.query.kind === 'file' ? `file(${quoted(view.query.path)})` : `existing(${relation(view.query.relation)})`
  const description = view.description === undefined ? '' : `, description: ${quoted(oneLine(view.description))}`
  return [
    ...comments(view.checks),
    `export const ${names.get(view.name)} = p`,
    `  .${view.kind}(${quoted(view.name)}, { entity: ${names.get(view.entity)}${description} })`,
    `  .${source}`,
    `  .${method}(${columns.length === 0 ? '{}' : `{ ${columns.join(', ')} }`})`,
  ].join('\n')
}

function datasetBlock(dataset: InferredDataset, names: Identifiers): string {
  const uses = dataset.features.map((u) => {
    const pick = u.pick === undefined ? '' : `.pick(${u.pick.map(quoted).join(', ')})`
    const prefix = u.prefix === undefined ? '' : `.prefix(${quoted(u.prefix)})`
    return `    ${names.get(u.view)}${pick}${prefix},`
  })
  return [
    `export const ${names.get(dataset.name)} = p.dataset(${quoted(dataset.name)}, {`,
    `  sample: ${names.get(dataset.sample)},`,
    ...(dataset.target === undefined ? [] : [`  target: ${names.get(dataset.target)},`]),
    '  features: [',
    ...uses,
    '  ],',
    '})',
  ].join('\n')
}

const absent = new Set(['import/no-key', 'import/time-zone', 'import/left-out', 'import/not-compiled'])

/** What a reader of the module would look for in vain, with the reason. */
function missing(findings: readonly Diagnostic[]): string[] {
  const lines = findings
    .filter((d) => d.severity === 'error' || absent.has(d.code))
    .map((d) => `//   ${oneLine(`${d.message}${d.hint === undefined ? '' : `. ${d.hint}`}`)}`)
  return lines.length === 0 ? [] : [['// Not imported:', ...lines].join('\n')]
}

const comments = (checks: readonly string[]): string[] => checks.map((c) => `// check: ${oneLine(c)}`)

function meta(f: InferredFeature): string {
  const parts = [
    ...(f.kind === undefined ? [] : [`kind: ${quoted(f.kind)}`]),
    ...(f.description === undefined ? [] : [`description: ${quoted(oneLine(f.description))}`]),
    ...(f.unit === undefined ? [] : [`unit: ${quoted(oneLine(f.unit))}`]),
  ]
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

/** A text is split at its first dot, so a name that holds one is written as an object. */
function relation(r: RelationName): string {
  const dotted = r.name.includes('.') || r.schema?.includes('.')
  return dotted ? relationObject(r) : quoted(r.schema === undefined ? r.name : `${r.schema}.${r.name}`)
}

const relationObject = (r: RelationName): string =>
  `{ ${r.schema === undefined ? '' : `schema: ${quoted(r.schema)}, `}name: ${quoted(r.name)} }`

/** A line break in a name or description must not end a comment. */
const oneLine = (text: string): string => text.replace(/[\s\u2028\u2029]+/g, ' ').trim()

const quoted = (text: string): string => {
  const json = JSON.stringify(text)
    .slice(1, -1)
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029')
  const single = `'${json.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  // The quotes that need less escaping, as formatters choose them.
  return text.includes("'") && !text.includes('"') ? `"${json}"` : single
}

/** `__proto__` in an object literal sets the prototype, unless it is computed. */
const property = (name: string): string =>
  name === '__proto__' ? "['__proto__']" : /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : quoted(name)
