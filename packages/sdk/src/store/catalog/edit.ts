/** What somebody says of an asset or a column, beside the code. */
import { durationSeconds, fail } from '@viewcast/compiler'
import type { Store } from '../store.ts'
import { columnOf, type EntryName, findEntry, titleOf } from './find-entry.ts'
import type { AssetTexts, ColumnTexts } from './texts.ts'

export type CatalogField = keyof AssetTexts | keyof ColumnTexts

export interface EditOptions {
  /** The column that is meant; `late.delay_7d` as the name does the same. */
  readonly column?: string
  /** Fields whose edit is taken back. */
  readonly clear?: readonly CatalogField[]
}

export interface Edited {
  readonly entry: EntryName
  /** What is edited now. */
  readonly edited: AssetTexts & ColumnTexts
  /** Fields edited that do not show, because the declaration in the code says otherwise. */
  readonly hidden: readonly CatalogField[]
}

const ofAssets: readonly CatalogField[] = ['description', 'owners', 'tags', 'updateFrequency', 'sla']
const ofColumns: readonly CatalogField[] = ['description', 'tags', 'unit']

/**
 * Describes an asset or a column in the store, one transaction; who, when, before and after are kept. What the code declares
 * wins over it, and it over comments of the database.
 *
 * Errors: `catalog/unknown`, `catalog/ambiguous`, `catalog/unknown-column`, `catalog/edit`.
 *
 * @param texts `sla` as `{ warnAfter: '6 hours', errorAfter: '1 day' }`; lists replace the list.
 *
 * @example
 * ```ts
 * await editCatalog(store, 'public.flights', { owners: ['ops'], sla: { errorAfter: '1 day' } })
 * await editCatalog(store, 'public.flights.delay', { description: 'Minutes after the timetable' })
 * await editCatalog(store, 'public.flights', {}, { clear: ['owners'] })
 * ```
 * ```sql
 * SELECT viewcast.edit_catalog('0190…', '', '{"owners": ["ops"]}', '{}', 'me')
 * ```
 */
export async function editCatalog(
  store: Store,
  name: string,
  texts: AssetTexts & ColumnTexts,
  options: EditOptions = {},
): Promise<Edited> {
  const found = await findEntry(store, name)
  const entry =
    options.column === undefined ? found : { ...found, column: await columnOf(store, found, options.column) }
  const set = checked(entry, texts)
  const clear = options.clear ?? []
  for (const field of clear) checkField(entry, field)
  const [row] = await store.db.rows<{ edited: AssetTexts & ColumnTexts }>(
    'SELECT viewcast.edit_catalog($1, $2, $3, $4::text[], $5) AS edited',
    [entry.id, entry.column ?? '', JSON.stringify(set), clear, store.actor],
  )
  const edited = row?.edited ?? {}
  return { entry, edited, hidden: await hiddenFields(store, entry, Object.keys(set) as CatalogField[]) }
}

function checkField(entry: EntryName, field: CatalogField): void {
  if ((entry.column === undefined ? ofAssets : ofColumns).includes(field)) return
  const kind = entry.column === undefined ? 'an asset' : 'a column'
  refuse(
    entry,
    field,
    `cannot be edited: ${kind} has ${(entry.column === undefined ? ofAssets : ofColumns).join(', ')}`,
  )
}

/** Longer texts are no descriptions, and the search reads no further. */
const mostCharacters = 50_000

function checked(entry: EntryName, texts: AssetTexts & ColumnTexts): AssetTexts & ColumnTexts {
  const given = Object.entries(texts).filter(([, value]) => value !== undefined)
  for (const [key, value] of given) {
    const field = key as CatalogField
    checkField(entry, field)
    if (field === 'sla') checkSla(entry, value as NonNullable<AssetTexts['sla']>)
    else if (Array.isArray(value)) {
      if (value.length === 0) refuse(entry, field, 'is an empty list', 'Clear it instead.')
      for (const text of value) checkText(entry, field, String(text))
    } else checkText(entry, field, String(value))
  }
  return Object.fromEntries(given)
}

function checkText(entry: EntryName, field: CatalogField, text: string): void {
  if (text.trim() === '') refuse(entry, field, 'is empty', 'Clear it instead.')
  if (text.length > mostCharacters)
    refuse(entry, field, `is ${text.length} characters long; ${mostCharacters} are allowed`)
  // jsonb cannot hold it.
  if (text.includes('\0')) refuse(entry, field, 'holds a NUL character')
}

function checkSla(entry: EntryName, sla: NonNullable<AssetTexts['sla']>): void {
  const lengths = [sla.warnAfter, sla.errorAfter].filter((l) => l !== undefined)
  if (lengths.length === 0) refuse(entry, 'sla', 'says no length', "Write { errorAfter: '1 day' }.")
  for (const length of lengths) {
    if (durationSeconds(length) === undefined) {
      refuse(entry, 'sla', `is not a fixed length: "${length}"`, 'Write a length such as: 6 hours, 1 day, 2 weeks.')
    }
  }
}

function refuse(entry: EntryName, field: CatalogField, detail: string, hint?: string): never {
  const asset = entry.column === undefined ? titleOf(entry) : `${titleOf(entry)}, column "${entry.column}",`
  return fail('catalog/edit', { field, asset, detail, ...(hint === undefined ? {} : { hint }) })
}

async function hiddenFields(
  store: Store,
  entry: EntryName,
  fields: readonly CatalogField[],
): Promise<readonly CatalogField[]> {
  const from = entry.column === undefined ? 'asset WHERE id = $1' : 'asset_column WHERE asset_id = $1 AND name = $3'
  const [row] = await store.db.rows<{ hidden: readonly CatalogField[] }>(
    `SELECT coalesce(jsonb_agg(f.name ORDER BY f.name) FILTER (WHERE declared -> f.name <> edited -> f.name), '[]') AS hidden
     FROM (SELECT declared, edited FROM viewcast.${from}) AS a, unnest($2::text[]) AS f(name)`,
    [entry.id, fields, ...(entry.column === undefined ? [] : [entry.column])],
  )
  return row?.hidden ?? []
}
