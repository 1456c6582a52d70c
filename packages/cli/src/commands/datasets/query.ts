import type { Database, Project } from '@viewcast/sdk'
import type { Io } from '../../io.ts'

export interface QueryOptions {
  readonly query?: string | undefined
  readonly file?: string | undefined
}

/** The query a dataset is registered by: one given, one in a file, or the training query of the declared dataset. */
export async function datasetQuery(
  db: Database,
  project: Project,
  name: string,
  { query, file }: QueryOptions,
  io: Io,
): Promise<string> {
  const { fail, resolveDefinition, trainingQuery } = await import('@viewcast/sdk')
  if (query !== undefined && file !== undefined) fail('cli/usage', { detail: 'Give --query or --file, not both' })
  if (query !== undefined) return query
  if (file !== undefined) {
    const { readFile } = await import('node:fs/promises')
    const { resolve } = await import('node:path')
    return await readFile(resolve(io.cwd, file), 'utf8').catch((e: Error) =>
      fail('cli/file', { file, detail: e.message }),
    )
  }
  const dataset = resolveDefinition(project, name, 'dataset')
  return (await trainingQuery(db, dataset, { directory: project.directory })).sql
}
