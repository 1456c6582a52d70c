/** Tags that MLflow gives a meaning to are columns of ours: written to both sides' words, kept once. */
import type { Store } from '../store/store.ts'
import { uuidOf } from './ids.ts'

type TagColumn = 'name' | 'user_name' | 'note' | 'source_uri' | 'source_version' | 'parent_id'

/** What a tag sets, if it is one of these. */
const columns: Readonly<Record<string, TagColumn>> = {
  'mlflow.runName': 'name',
  'mlflow.user': 'user_name',
  'mlflow.note.content': 'note',
  'mlflow.source.name': 'source_uri',
  'mlflow.source.git.commit': 'source_version',
  'mlflow.parentRunId': 'parent_id',
}

export interface SplitTags {
  /** Column of viewcast.execution → value. */
  readonly columns: Readonly<Partial<Record<TagColumn, string>>>
  readonly tags: Readonly<Record<string, string>>
}

/** A parent that is no run of the store stays a tag. */
export async function splitTags(
  { db }: Store,
  given: readonly { readonly key: string; readonly value: string }[],
): Promise<SplitTags> {
  const all = new Map(given.map((t) => [t.key, t.value]))
  const parent = all.get('mlflow.parentRunId')
  const parentId = parent === undefined ? undefined : uuidOf(parent)
  const [found] =
    parentId === undefined ? [] : await db.rows('SELECT FROM viewcast.execution WHERE id = $1', [parentId])
  const isColumn = (key: string, value: string): boolean =>
    key in columns &&
    (key !== 'mlflow.parentRunId' || found !== undefined) &&
    (key !== 'mlflow.runName' || value !== '')
  return {
    columns: Object.fromEntries(
      [...all].flatMap(([key, value]) =>
        isColumn(key, value)
          ? [[columns[key] as string, key === 'mlflow.parentRunId' ? (parentId as string) : value]]
          : [],
      ),
    ),
    tags: Object.fromEntries([...all].filter(([key, value]) => !isColumn(key, value))),
  }
}

/** Writes the columns of tags. */
export async function setTagColumns({ db }: Store, run: string, values: SplitTags['columns']): Promise<void> {
  const entries = Object.entries(values)
  if (entries.length === 0) return
  const assignments = entries.map(([column], i) => `${column} = $${i + 2}`)
  await db.query(`UPDATE viewcast.execution SET ${assignments.join(', ')} WHERE id = $1`, [
    run,
    ...entries.map(([, value]) => value),
  ])
}

/** The column a tag is kept in. */
export const columnOfTag = (key: string): string | undefined => columns[key]

/** What a tag that is a column stands for in a search of runs; undefined for others. */
export function tagSql(key: string): string | undefined {
  const column = columns[key]
  if (column === undefined) return key === 'viewcast.kind' ? `nullif(r.kind, 'run')` : undefined
  return column === 'parent_id' ? `replace(r.parent_id::text, '-', '')` : `r.${column}`
}
