/** Turns SQL that exists into declarations: reads, asks, infers, and prints; writes nothing. */
import { type Catalog, type Diagnostic, diagnostic, fail, loadParser, sqlType } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { NamedEntity } from './candidate.ts'
import type { DbtManifest, DbtNode } from './dbt-manifest.ts'
import { dbtSources } from './dbt-sources.ts'
import { describeCandidates, keyedRelations, type Source } from './describe-candidates.ts'
import { definitionName, freeName } from './infer-names.ts'
import { inferProject } from './infer-project.ts'
import type { Inferred } from './inferred.ts'
import { readPath, schemaSources } from './read-sources.ts'
import { withoutDatabase } from './unqualified.ts'
import { writeModule } from './write-module.ts'

/** A folder of `.sql` files, one such file, a dbt `manifest.json`; or the views of a schema. */
export type ImportFrom = { readonly path: string } | { readonly schema: string }

export interface ImportOptions {
  /** Where the queries are described; without one only texts and manifests speak. A schema needs one. */
  readonly db?: Database
  /** The project's directory: paths of `.sql` files are written relative to it. */
  readonly directory: string
  /** What a relative path is relative to; default `directory`. */
  readonly cwd?: string
  /** Name of the project in the module. */
  readonly project: string
  /** Entities that are known: their keys win over what is inferred. */
  readonly entities?: readonly NamedEntity[]
  /** Only these: names, where `*` stands for anything, or `tag:x` for a dbt tag. */
  readonly include?: readonly string[]
  /** Specifier of the module with `DB`, such as `./db.gen.ts`, when there is one. */
  readonly types?: string
  /** What the header says wrote the module. */
  readonly command?: string
}

export interface ImportResult extends Inferred {
  /** The text of the module. */
  readonly module: string
  /** `.sql` files the module needs and that do not exist yet: compiled dbt models. Paths from the project's directory. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/**
 * Infers entities, feature views, a sample and a target from SQL that exists, and prints them as a module.
 *
 * Nothing is written. `findings` holds every view that could not be imported and every guess, as diagnostics.
 *
 * Errors: `import/source`, `import/manifest`. Findings: `import/…`, and `sql/…` and `view/…` for texts that are no view.
 *
 * @example
 * const { module, findings } = await importViews({ path: 'views' }, { db, directory: '.', project: 'shop' })
 */
export async function importViews(from: ImportFrom, options: ImportOptions): Promise<ImportResult> {
  const { db } = options
  const [catalog] = await Promise.all([db?.introspect(), loadParser()])
  const entities = (options.entities ?? []).map(
    (e): NamedEntity => ({
      ...e,
      keys: e.keys.map((k) => (k.type === undefined ? k : { ...k, type: sqlType(k.type) })),
    }),
  )
  const read = await sourcesOf(from, catalog, options)
  const sources = named(read.sources.filter((s) => isIncluded(s.name, s.tags ?? [], options.include)))
  if (sources.length === 0 && read.findings.length === 0) {
    const hint = 'Without --include everything is imported.'
    fail('import/source', { source: 'path' in from ? from.path : from.schema, detail: 'no name fits --include', hint })
  }
  const looked = await describeCandidates(sources, db, catalog, entities)
  const inferred = inferProject(looked.candidates, keyedRelations(catalog), entities)
  const findings = [...read.findings, ...looked.findings, ...inferred.findings]
  const declared = new Set(inferred.views.map((v) => v.place))
  const files = read.dbt ? sources.filter((s) => s.query.kind === 'file' && declared.has(s.place)) : []
  const project = definitionName(options.project)
  const command = options.command ?? 'importViews'
  const types = options.types === undefined ? {} : { types: options.types }
  return {
    ...inferred,
    findings,
    module: writeModule({ ...inferred, findings }, { project, command, ...types }),
    files: files.flatMap((s) => (s.query.kind === 'file' ? [{ path: s.query.path, text: s.text ?? '' }] : [])),
  }
}

interface Read {
  readonly sources: readonly Source[]
  readonly findings: readonly Diagnostic[]
  readonly dbt?: true
}

async function sourcesOf(from: ImportFrom, catalog: Catalog | undefined, options: ImportOptions): Promise<Read> {
  if ('schema' in from) {
    if (!catalog) {
      const hint = 'Name the database with --database, or in viewcast.config.ts.'
      return fail('import/source', { source: `schema ${from.schema}`, detail: 'that needs a database', hint })
    }
    return { sources: schemaSources(catalog, from.schema), findings: [] }
  }
  const read = await readPath(from.path, options.directory, options.cwd ?? options.directory)
  if (read.kind === 'files') {
    const wanted = (d: Diagnostic) =>
      isIncluded(/"(.*)"/.exec(d.parameters['view'] ?? '')?.[1] ?? '', [], options.include)
    return { sources: read.sources, findings: read.findings.filter(wanted) }
  }
  return { ...fromManifest(read.manifest, catalog, options), dbt: true }
}

function fromManifest(manifest: DbtManifest, catalog: Catalog | undefined, options: ImportOptions): Read {
  const nodes = manifest.nodes
    .filter((n) => isIncluded(n.name, n.tags, options.include))
    .map((n): DbtNode => (n.compiled === undefined ? n : { ...n, compiled: withoutDatabase(n.compiled, n.name) }))
  if (manifest.nodes.length === 0) {
    return {
      sources: [],
      findings: [diagnostic('import/left-out', { view: 'the manifest', detail: 'it has no models' })],
    }
  }
  return dbtSources(nodes, catalog, 'views/')
}

/** Definitions have short names, all different; the relation or file keeps its own. */
function named(sources: readonly Source[]): Source[] {
  const taken = new Set<string>()
  return sources.map((s) => ({ ...s, name: freeName(definitionName(s.name), taken) }))
}

function isIncluded(name: string, tags: readonly string[], include: readonly string[] | undefined): boolean {
  if (include === undefined || include.length === 0) return true
  return include.some((pattern) => {
    if (pattern.startsWith('tag:')) return tags.includes(pattern.slice(4))
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`, 'su').test(name)
  })
}
