/** What names say: which columns look like keys, what a table is one of, which identifiers a module may use. */

/** `customers` → `customer`, `countries` → `country`, `addresses` → `address`; a word that is no plural stays. */
export function singular(word: string): string {
  if (/ies$/i.test(word) && word.length > 4) return `${word.slice(0, -3)}y`
  if (/(ss|x|ch|sh|z)es$/i.test(word)) return word.slice(0, -2)
  if (/s$/i.test(word) && !/(ss|us|is)$/i.test(word)) return word.slice(0, -1)
  return word
}

/** `customer_id`, `customerId`, `customer_key` → `customer`; undefined when the name says nothing but "key". */
export function stemOf(column: string): string | undefined {
  const snake = snakeCase(column)
  const stem = /^(.+)_(?:id|key|sk|pk|fk|uuid|guid|no|nr|code)$/.exec(snake)?.[1]
  return stem?.replace(/^(dim|fk|pk)_/, '')
}

/** Names that only say that they are a key: which thing they are of, their table tells. */
export const isBareKey = (column: string): boolean => /^(id|key|pk|sk|uuid|guid|rowid|_id)$/i.test(column)

/** A name that looks like a key's, of this thing or another. */
export const looksLikeKey = (column: string): boolean =>
  isBareKey(column) || /_(id|key|sk|pk|fk|uuid|guid)$/.test(snakeCase(column))

/** Columns that may say when a row became known, rather than what instant it is of. */
export const looksLikeKnownAt = (column: string): boolean =>
  /(^|_)(loaded|ingested|synced|known|received|recorded|inserted|imported|extracted|fetched|created|etl)(_|$)/.test(
    snakeCase(column),
  )

/** A column that tells when a row was last overwritten. */
export const looksLikeUpdatedAt = (column: string): boolean =>
  /^(last_)?(updated|modified|changed)(_|$)/.test(snakeCase(column))

const sampleWords = /(^|_)(samples?|spine|questions?|training_set|train_?samples?|cohorts?)(_|$)/
const targetWords = /(^|_)(targets?|labels?|outcomes?)(_|$)/

export const looksLikeSample = (name: string): boolean => sampleWords.test(snakeCase(name))
export const looksLikeTarget = (name: string): boolean => targetWords.test(snakeCase(name))

/** `vwTrainSample` → `vw_train_sample`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .toLowerCase()

/** The name as an identifier of a module: `vw_Train-Sample` → `vwTrainSample`; words of the language get a `_`. */
export function identifierOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}$]+/u).filter((w) => w !== '')
  const joined = words.map((w, i) => (i === 0 ? lowerFirst(w) : w.charAt(0).toUpperCase() + w.slice(1))).join('')
  const legal = /^[\p{L}_$]/u.test(joined) ? joined : `_${joined}`
  return reserved.has(legal) ? `${legal}_` : legal
}

const lowerFirst = (word: string): string =>
  word === word.toUpperCase() ? word.toLowerCase() : word.charAt(0).toLowerCase() + word.slice(1)

/** `p` and `project` are names of the module itself. */
const reserved = new Set(
  `p project DB arguments await break case catch class const continue debugger default delete do else enum eval export
  extends false finally for function if implements import in instanceof interface let new null package private protected
  public return static super switch this throw true try typeof undefined var void while with yield`.split(/\s+/),
)

/** The name, or the first of `name_2`, `name_3`, … that is free; it is then taken. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name}_${n}`
  taken.add(free)
  return free
}

/** Room for what the compiler puts around a name; longer ones are refused. */
const maxBytes = 50

/** The name a definition may have: not `spine`, not empty, at most 50 bytes. */
export function definitionName(name: string): string {
  const trimmed = name.trim() === '' ? 'view' : name === 'spine' ? 'spine_view' : name
  const bytes = (text: string): number => new TextEncoder().encode(text).length
  if (bytes(trimmed) <= maxBytes) return trimmed
  // Room is left for the number that tells two cut names apart.
  const symbols = [...trimmed]
  while (bytes(symbols.join('')) > maxBytes - 4) symbols.pop()
  return symbols.join('')
}
