/** Datasets that a run read. */
import { fail } from '@viewcast/compiler'
import { recordEvent, registerArtifact } from '../graph/artifacts.ts'
import { ensureAsset } from '../graph/assets.ts'
import { isId } from '../new-id.ts'
import { atomically, type Store } from '../store.ts'
import { holdRun } from './hold.ts'
import { checkText } from './limits.ts'

/** A dataset that is not in this store: a file, a bucket, a table elsewhere. */
export interface ForeignDataset {
  readonly name: string
  /** Hash of its content, made by whatever read it; an equal one is the same version. */
  readonly digest: string
  /** Where it is. */
  readonly source?: string
  /** Schema, size and whatever else is known. */
  readonly props?: Readonly<Record<string, unknown>>
}

/** A version that is in the store, or a dataset of somebody else's. */
export type RunInput = { readonly artifact: string } | ForeignDataset

/** Datasets of somebody else's are no declared ones, whatever their names. */
const foreign = 'external:datasets'

/**
 * Says that a run read a dataset, and as what; saying it again changes nothing. Returns the id of the version.
 *
 * Errors: `run/not-active`; `run/value` for an artifact that is not there, or a name or digest that is empty.
 *
 * @param role `training`, `validation`, `test`, …; default none.
 * @param tags what else is said of this use, by key.
 *
 * @example
 * ```ts
 * await logInput(store, run.id, { name: 'flights.parquet', digest: 'sha256:9f2c…', source: 's3://bucket/flights.parquet' }, 'training')
 * ```
 */
export function logInput(
  store: Store,
  run: string,
  input: RunInput,
  role = '',
  tags: Readonly<Record<string, string>> = {},
): Promise<string> {
  return atomically(store, async (inside) => {
    await holdRun(inside, run)
    const id = 'artifact' in input ? await known(inside, input.artifact) : await register(inside, input)
    await recordEvent(inside, run, id, 'in', role, tags)
    return id
  })
}

async function known({ db }: Store, id: string): Promise<string> {
  const rows = isId(id) ? await db.rows('SELECT FROM viewcast.artifact WHERE id = $1', [id]) : []
  return rows.length > 0 ? id : fail('run/value', { what: `artifact ${id}`, detail: 'it is not in the store' })
}

async function register(store: Store, { name, digest, source, props }: ForeignDataset): Promise<string> {
  for (const [what, text] of Object.entries({ name, digest })) {
    if (text === '') fail('run/value', { what: 'an input', detail: `its ${what} is empty` })
    checkText(`the ${what} of an input`, text)
  }
  const asset = await ensureAsset({ ...store, project: foreign }, { kind: 'dataset', name })
  const { id } = await registerArtifact(store, asset, {
    digest,
    ...(source === undefined ? {} : { uri: source }),
    ...(props === undefined ? {} : { props }),
  })
  return id
}
