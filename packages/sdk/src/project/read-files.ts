import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import {
  type DatasetDef,
  diagnostic,
  type FeatureView,
  type SampleDef,
  type TargetDef,
  ViewcastError,
  type ViewQuery,
} from '@viewcast/compiler'

type Queried = FeatureView | SampleDef | TargetDef

/**
 * A dataset with every `.sql` file it names read into text. Values that name no file come back as they are.
 *
 * `directory` is what relative paths are relative to. Errors: `project/no-file`, all of them at once.
 */
export async function readDatasetFiles(dataset: DatasetDef, directory: string): Promise<DatasetDef> {
  const read = reader(directory)
  const sample = await read.definition(dataset.sample)
  const target = dataset.target && (await read.definition(dataset.target))
  const features = await Promise.all(dataset.features.map(async (u) => ({ ...u, view: await read.definition(u.view) })))
  read.throwIfFailed()
  return { ...dataset, sample, features, ...(target === undefined ? {} : { target }) }
}

/** The same for one feature view, sample or target. */
export async function readDefinitionFiles<D extends Queried>(definition: D, directory: string): Promise<D> {
  const read = reader(directory)
  const out = await read.definition(definition)
  read.throwIfFailed()
  return out
}

function reader(directory: string) {
  const failed: ReturnType<typeof diagnostic>[] = []
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
      return { kind: 'sql', text: 'SELECT', origin: { kind: 'file', path: q.path } }
    }
  }
  const resolve = async (d: Queried): Promise<Queried> => {
    const title = `${d.kind === 'sample' || d.kind === 'target' ? d.kind : 'view'} "${d.name}"`
    if (d.kind === 'aggregates') {
      return { ...d, spec: { ...d.spec, source: await query(d.spec.source, title) } }
    }
    return { ...d, query: await query(d.query, title) }
  }
  return {
    definition: <D extends Queried>(d: D): Promise<D> => {
      const known = done.get(d) ?? resolve(d)
      done.set(d, known)
      return known as Promise<D>
    },
    throwIfFailed(): void {
      if (failed.length > 0) throw new ViewcastError(failed)
    },
  }
}
