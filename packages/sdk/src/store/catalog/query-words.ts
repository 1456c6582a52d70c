/** What somebody types into a search, as a tsquery that finds beginnings of words; any input gives one. */

/** More words than these are no search. */
const mostWords = 60

export interface WordGroup {
  /** A tsquery of words, each also a beginning of one; they may stand for their stems, too. Empty for none. */
  readonly words: string
  /** A tsquery of phrases, and of what must not be there: these are meant as they are written. Empty for none. */
  readonly exact: string
}

/**
 * `airp delay`, `"state code"`, `late or early`, `-test`: all words, the phrase, either, not. Words are letters and digits,
 * so that nothing of the text is syntax: `delay_7d` asks for both parts, and quotes, signs and backslashes for nothing.
 * Of the groups one has to hold.
 *
 * ```sql
 * 'airp':* & 'delay':*
 * ```
 */
export function wordGroups(text: string): WordGroup[] {
  const groups: { words: string[]; exact: string[] }[] = [{ words: [], exact: [] }]
  let count = 0
  for (const [token] of text.matchAll(/-?"[^"]*"?|\S+/g)) {
    const isNot = token.startsWith('-')
    const isPhrase = token.replace(/^-/, '').startsWith('"')
    if (!isPhrase && /^or$/i.test(token)) {
      groups.push({ words: [], exact: [] })
      continue
    }
    const parts = wordsOf(token).slice(0, mostWords - count)
    if (parts.length === 0) continue
    count += parts.length
    const group = groups.at(-1)
    if (isPhrase || isNot) {
      const query = isPhrase ? parts.map(quoted).join(' <-> ') : parts.map(begins).join(' & ')
      group?.exact.push(isNot ? `!(${query})` : `(${query})`)
    } else group?.words.push(...parts.map(begins))
  }
  return groups
    .map((g) => ({ words: g.words.join(' & '), exact: g.exact.join(' & ') }))
    .filter((g) => g.words !== '' || g.exact !== '')
}

/** Every word that is wanted, for what is to be shown of what was found. */
export function anyOf(text: string): string {
  const wanted = [...text.matchAll(/-?"[^"]*"?|\S+/g)].flatMap(([token]) =>
    token.startsWith('-') || /^or$/i.test(token) ? [] : wordsOf(token),
  )
  return [...new Set(wanted)]
    .slice(0, mostWords)
    .map((w) => `${quoted(w)}:*`)
    .join(' | ')
}

/** Names are in the index whole, without their signs, beside their parts: `TrainSample` is asked for as it is. */
const wordsOf = (token: string): string[] =>
  (token.normalize('NFC').match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).map((w) => w.slice(0, 200).toLowerCase())

const quoted = (word: string): string => `'${word}'`
const begins = (word: string): string => `${quoted(word)}:*`
