import { join } from 'node:path'
import { type ProjectFile, setupScript } from './files.ts'

export interface Filled {
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
  /** The text of `db.gen.ts`. */
  readonly types: string
}

/** Creates and fills the sample tables in the embedded database of a project folder, all or nothing. */
export async function fillSampleDatabase(directory: string, signal: AbortSignal): Promise<Filled> {
  const { connect, databaseTypes } = await import('@viewcast/sdk')
  const db = await connect(join(directory, '.viewcast', 'data'))
  try {
    await db.transaction(async (tx) => {
      await tx.execute(setupScript())
      signal.throwIfAborted()
    })
    const tables: { name: string; rows: number }[] = []
    for (const name of ['customers', 'orders']) {
      const [row] = await db.rows<{ n: string }>(`select count(*) as n from ${name}`)
      tables.push({ name, rows: Number(row?.n) })
    }
    return { tables, types: await databaseTypes(db, { include: ['customers', 'orders'] }) }
  } finally {
    await db.close()
  }
}

export const generatedTypes = (text: string): ProjectFile => ({ path: 'db.gen.ts', text, keep: false })
