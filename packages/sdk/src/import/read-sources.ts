/** Finds what a path or a schema holds: `.sql` files, the views of a schema, a dbt manifest. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, isAbsolute, join, relative, sep } from 'node:path'
import { type Catalog, type Diagnostic, diagnostic, fail } from '@viewcast/compiler'
import { type DbtManifest, parseManifest } from './dbt-manifest.ts'
import type { Source } from './describe-candidates.ts'

export interface FolderFiles {
  readonly kind: 'files'
  readonly sources: readonly Source[]
  readonly findings: readonly Diagnostic[]
}

/**
 * Reads a folder (with its subfolders), one `.sql` file, or a `manifest.json`. Paths in the result are relative to
 * `directory`, with `/`.
 *
 * Errors: `import/source`, `import/manifest`.
 */
export async function readPath(
  path: string,
  directory: string,
  cwd: string,
): Promise<FolderFiles | { readonly kind: 'manifest'; readonly manifest: DbtManifest }> {
  const full = isAbsolute(path) ? path : join(cwd, path)
  const found = await stat(full).catch(() => undefined)
  if (found === undefined) return fail('import/source', { source: path, detail: 'there is no such file or folder' })
  if (found.isDirectory()) {
    const files = await sqlFiles(full)
    if (files.length === 0) {
      const hint = 'Name a folder that holds .sql files, or the target/manifest.json that dbt compile writes.'
      fail('import/source', { source: path, detail: 'it holds no .sql file', hint })
    }
    return await readFiles(files, full, directory)
  }
  if (path.endsWith('.json')) return { kind: 'manifest', manifest: parseManifest(await readFile(full, 'utf8'), path) }
  if (!path.endsWith('.sql')) {
    const hint = 'Name a folder, a .sql file, or a manifest.json.'
    fail('import/source', { source: path, detail: 'it is neither a folder nor .sql nor .json', hint })
  }
  return await readFiles([full], join(full, '..'), directory)
}

async function sqlFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await sqlFiles(path)))
    else if (entry.name.endsWith('.sql')) found.push(path)
  }
  return found
}

async function readFiles(files: readonly string[], folder: string, directory: string): Promise<FolderFiles> {
  const sources: Source[] = []
  const findings: Diagnostic[] = []
  const names = namesOf(files, folder)
  for (const file of files) {
    // Some editors begin a file with a byte order mark, which is no SQL.
    const text = (await readFile(file, 'utf8')).replace(/^\ufeff/, '')
    const path = relative(directory, file).split(sep).join('/')
    const view = `view "${names.get(file)}"`
    if (isTemplate(text)) findings.push(diagnostic('import/not-compiled', { view }))
    else sources.push({ name: names.get(file) ?? '', place: path, query: { kind: 'file', path }, text })
  }
  return { kind: 'files', sources, findings }
}

/** Jinja: `{{ ref('orders') }}`, `{% if … %}`; braces do not occur in SQL outside of texts. */
const isTemplate = (text: string): boolean =>
  /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/.test(text.replace(/'(?:[^']|'')*'/g, "''"))

/** The file's own name; with its folders where two files have one name. */
function namesOf(files: readonly string[], folder: string): ReadonlyMap<string, string> {
  const own = (file: string) => basename(file, '.sql')
  return new Map(
    files.map((file) => {
      const alone = files.filter((f) => own(f) === own(file)).length === 1
      return [
        file,
        alone
          ? own(file)
          : relative(folder, file)
              .split(sep)
              .join('_')
              .replace(/\.sql$/, ''),
      ]
    }),
  )
}

/** How the comment of a deployed prediction view begins. */
const deployedMark = 'viewcast:'

/** The views and materialised views of a schema. Errors: `import/source`. */
export function schemaSources(catalog: Catalog, schema: string): Source[] {
  // What viewcast deployed is a model's prediction: a feature of nothing.
  const views = catalog.relations
    .filter((r) => r.schema === schema && (r.kind === 'view' || r.kind === 'materialized'))
    .filter((r) => r.comment?.startsWith(deployedMark) !== true)
  if (views.length === 0) {
    const schemas = [...new Set(catalog.relations.filter((r) => r.kind === 'view').map((r) => r.schema))].sort()
    const hint = schemas.length === 0 ? {} : { hint: `Schemas with views: ${schemas.join(', ')}.` }
    fail('import/source', { source: `schema ${schema}`, detail: 'it has no view', ...hint })
  }
  const bare = catalog.searchPath[0] === schema
  return views.map((r) => ({
    name: r.name,
    place: `${r.schema}.${r.name}`,
    query: { kind: 'relation', relation: bare ? { name: r.name } : { schema: r.schema, name: r.name } },
    // What a materialised view holds is known from its definition; its rows are read as they were stored.
    ...(r.kind === 'materialized' && r.definition !== undefined ? { text: r.definition } : {}),
  }))
}
