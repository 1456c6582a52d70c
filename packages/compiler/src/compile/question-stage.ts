/** A prediction query that is kept as text, asked again for some of its keys: by the stage that lists its questions. */
import { quoteIdentifier } from '../emit/identifier.ts'
import type { Token } from '../front/sql/parser.ts'
import { type Edit, splice } from '../front/sql/splice.ts'
import { tokensOf } from '../front/sql/tokens.ts'
import type { RelationName } from '../ir/definition.ts'

export interface QuestionStage {
  /** All questions: keys, instant, and what else each brings. */
  readonly questions: string
  /** The relation that lists the keys; undefined where a view or a query does. */
  readonly source: RelationName | undefined
  /** The questions of some pages of {@link source}, the same ones each time while nothing is written to it: percent of all, at most 100. */
  readonly ofPages: (percent: number) => string
  /** The query for the keys of a relation with columns of their names: all of them together. */
  readonly among: (relation: string, keys: readonly string[]) => string
  /** The query for the key in the columns of a row around it, planned for one key, as the database plans a function's body. */
  readonly each: (row: string, keys: readonly string[]) => string
}

/**
 * Finds the stage of the questions in a query that {@link predictionQuery} or {@link comparisonQuery} wrote, now or in an
 * earlier version; undefined for any other text. Nothing else of the query is changed: neither its terms nor its stages.
 *
 * ```sql
 * WITH _as_of AS (…), _spine AS (SELECT * FROM (…) AS _all WHERE (_all.origin) IN (SELECT origin FROM relation)), … SELECT …
 * ```
 */
export function questionStage(sql: string): QuestionStage | undefined {
  const { all } = tokensOf(sql)
  const stages = stagesOf(all)
  // Views and their stages come after it, so that the first of this name is ours.
  const stage = stages.find((s) => /^_spine(_\d+)?$/.test(s.name))
  const body = stage && all.slice(stage.open + 1, stage.close)
  if (!stage || !body || word(body[0]) !== 'select') return undefined
  const last = all[stage.close]
  const text = sql.slice(body[0]?.start, body.at(-1)?.end)
  const within = (where: string): Edit => ({
    start: body[0]?.start ?? 0,
    end: body.at(-1)?.end ?? 0,
    text: `SELECT * FROM (${text}) AS _all WHERE ${where}`,
  })
  const upTo = (edits: readonly Edit[]): string =>
    `${splice(sql.slice(0, last?.end), edits)} SELECT * FROM ${quoteIdentifier(stage.name)}`
  const listed = (of: string, keys: readonly string[]): string[] => keys.map((k) => `${of}.${quoteIdentifier(k)}`)
  const source = sourceOf(body, new Set(stages.map((s) => s.name)))
  return {
    questions: upTo([]),
    source: source?.relation,
    ofPages: (percent) =>
      upTo(
        source ? [{ start: source.end, end: source.end, text: ` TABLESAMPLE SYSTEM (${percent}) REPEATABLE (0)` }] : [],
      ),
    among: (relation, keys) =>
      splice(sql, [
        within(
          `(${listed('_all', keys).join(', ')}) IN (SELECT ${listed('_some', keys).join(', ')} FROM ${relation} AS _some)`,
        ),
      ]),
    each: (row, keys) => {
      const own = listed(row, keys)
      const where = listed('_all', keys).map((key, i) => `${key} = ${own[i]}`)
      // What is computed once for all keys would be computed whole for each of them.
      const planned = stages
        .filter((s) => !s.isMarked)
        .map((s) => ({ start: all[s.open]?.start ?? 0, end: all[s.open]?.start ?? 0, text: 'NOT MATERIALIZED ' }))
      return splice(sql, [...planned, within(where.join(' AND '))])
    },
  }
}

interface WrittenStage {
  readonly name: string
  /** Indexes of the tokens of its brackets. */
  readonly open: number
  readonly close: number
  /** Whether the text says how it is planned. */
  readonly isMarked: boolean
}

const word = (token: Token | undefined): string => token?.text.toLowerCase() ?? ''

/** The stages of the WITH a text begins with; none where it does not. */
function stagesOf(tokens: readonly Token[]): WrittenStage[] {
  const stages: WrittenStage[] = []
  if (word(tokens[0]) !== 'with') return stages
  let i = 1
  for (;;) {
    const name = nameOf(tokens[i])
    let open = i + 1
    while (open < tokens.length && tokens[open]?.text !== '(') open++
    // A name, AS, and what says how it is planned: nothing of ours has a list of columns.
    if (name === undefined || word(tokens[i + 1]) !== 'as') return []
    const close = closing(tokens, open)
    if (close === undefined) return []
    stages.push({ name, open, close, isMarked: open > i + 2 })
    if (tokens[close + 1]?.text !== ',') return stages
    i = close + 2
  }
}

function closing(tokens: readonly Token[], open: number): number | undefined {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]?.text === '(') depth++
    if (tokens[i]?.text === ')' && --depth === 0) return i
  }
  return undefined
}

function nameOf(token: Token | undefined): string | undefined {
  if (token === undefined) return undefined
  const { text } = token
  if (text.startsWith('"')) return text.slice(1, -1).replaceAll('""', '"')
  return /^[\p{L}_]/u.test(text) ? text.toLowerCase() : undefined
}

/** Of `… FROM customers AS k …`: what it reads, and where a sample of it would be asked for. */
function sourceOf(
  body: readonly Token[],
  stages: ReadonlySet<string>,
): { readonly relation: RelationName; readonly end: number } | undefined {
  const from = body.findIndex((t) => word(t) === 'from')
  const first = nameOf(body[from + 1])
  if (from < 0 || first === undefined) return undefined
  const isQualified = body[from + 2]?.text === '.'
  const name = isQualified ? nameOf(body[from + 3]) : first
  const as = from + (isQualified ? 4 : 2)
  const alias = body[as + 1]
  if (name === undefined || word(body[as]) !== 'as' || alias?.text !== 'k') return undefined
  if (!isQualified && stages.has(name)) return undefined
  return { relation: isQualified ? { schema: first, name } : { name }, end: alias.end }
}
