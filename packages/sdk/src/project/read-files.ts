import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import {
  type DatasetDef,
  type Diagnostic,
  diagnostic,
  type FeatureView,
  type SampleDef,
  type TargetDef,
  ViewcastError,
  type ViewQuery,
} from '@viewcast/compiler'

type Queried = FeatureView | SampleDef | TargetDef

interface ReadDataset {
  readonly dataset: DatasetDef
  readonly problems: readonly Diagnostic[]
  /** Definitions whose file is missing. */
  readonly unread: ReadonlySet<Queried>
}

/**
 * A dataset with every `.sql` file it names read into text. Values that name no file come back as they are; a comment a
 * file begins with describes the definition, unless it has a description.
 *
 * `directory` is what relative paths are relative to. Problems: `project/no-file`.
 */
export async function readDataset(dataset: DatasetDef, directory: string): Promise<ReadDataset> {
  const read = reader(directory)
  const sample = await read.definition(dataset.sample)
  const target = dataset.target && (await read.definition(dataset.target))
  const features = await Promise.all(dataset.features.map(async (u) => ({ ...u, view: await read.definition(u.view) })))
  const resolved = { ...dataset, sample, features, ...(target === undefined ? {} : { target }) }
  return { dataset: resolved, problems: read.failed, unread: read.unread }
}

/** The same, refused when a file is missing: `project/no-file`, all of them at once. */
export async function readDatasetFiles(declared: DatasetDef, directory: string): Promise<DatasetDef> {
  const { dataset, problems } = await readDataset(declared, directory)
  if (problems.length > 0) throw new ViewcastError(problems)
  return dataset
}

/** The same for one feature view, sample or target. */
export async function readDefinitionFiles<D extends Queried>(definition: D, directory: string): Promise<D> {
  const read = reader(directory)
  const out = await read.definition(definition)
  if (read.failed.length > 0) throw new ViewcastError(read.failed)
  return out
}

function reader(directory: string) {
  const failed: Diagnostic[] = []
  const unread = new Set<Queried>()
  // A view used twice must stay one value: stages are shared by identity.
  const done = new Map<Queried, Promise<Queried>>()
  const query = async (q: ViewQuery, view: string): Promise<ViewQuery> => {
    if (q.kind !== 'file') return q
    const path = isAbsolute(q.path) ? q.path : join(directory, q.path)
    try {
      // Some editors begin a file with a byte order mark, which is no SQL.
      const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '')
      return { kind: 'sql', text, origin: { kind: 'file', path: q.path } }
    } catch (e) {
      failed.push(
        diagnostic('project/no-file', { view, file: q.path, detail: (e as { code?: string }).code ?? 'unreadable' }),
      )
      return q
    }
  }
  const resolve = async (d: Queried): Promise<Queried> => {
    const title = `${d.kind === 'sample' || d.kind === 'target' ? d.kind : 'view'} "${d.name}"`
    if (d.kind === 'aggregates') {
      const source = await query(d.spec.source, title)
      return described({ ...d, spec: { ...d.spec, source } }, source, d.spec.source)
    }
    const own = await query(d.query, title)
    return described({ ...d, query: own }, own, d.query)
  }
  const described = <D extends Queried>(d: D, read: ViewQuery, declared: ViewQuery): D => {
    if (read.kind === 'file') unread.add(d)
    if (read.kind !== 'sql' || declared.kind !== 'file' || d.description !== undefined) return d
    const description = leadingComment(read.text)
    return description === undefined ? d : { ...d, description }
  }
  return {
    definition: <D extends Queried>(d: D): Promise<D> => {
      const known = done.get(d) ?? resolve(d)
      done.set(d, known)
      return known as Promise<D>
    },
    failed,
    unread,
  }
}

/** The comment a text begins with, without its marks; undefined when it begins otherwise. */
function leadingComment(text: string): string | undefined {
  const lines: string[] = []
  let rest = text.trimStart()
  for (;;) {
    const line = /^--+ ?(.*?)\s*(?:\n|$)\s*/.exec(rest)
    const block = line ? null : /^\/\*+([\s\S]*?)\*+\/\s*/.exec(rest)
    const found = line ?? block
    if (!found) break
    lines.push(...(found[1] ?? '').split('\n').map((l) => l.replace(/^\s*\*? ?/, '').trimEnd()))
    rest = rest.slice(found[0].length)
  }
  const comment = lines.join('\n').trim()
  return comment === '' ? undefined : comment
}
