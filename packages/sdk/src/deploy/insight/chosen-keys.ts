/**
 * Which keys are compared. They are chosen before anything is computed for them, and the same ones every time: by a hash of
 * the key, so that neither their order, nor how much there is of each, nor an index decides. Of a table with many more pages
 * than keys are wanted, only some pages are read: about one for each key, as the keys of one page may be alike.
 */
import { type QuestionStage, quoteIdentifier, quoteName } from '@viewcast/compiler'
import type { Database, Value } from '../../database/database.ts'
import { explained } from '../dry-run.ts'
import type { Movement } from '../plan-data.ts'

export interface ChosenKeys {
  /** `name AS MATERIALIZED (SELECT …)`, with the keys and {@link KeyQuestion.beside}. */
  readonly shared: string
  /** Its name. */
  readonly relation: string
  readonly chosen: Movement['keys']['chosen']
  /** How many keys there are; undefined where all were chosen, which then counts them. */
  readonly of: number | undefined
  readonly isEstimate: boolean
}

export interface KeyQuestion {
  /** Of each version that lists keys, its questions. */
  readonly stages: readonly QuestionStage[]
  readonly keys: readonly string[]
  /** Columns of the questions that are wanted beside the keys. */
  readonly beside: readonly string[]
  readonly sample: number | 'all'
  readonly signal?: AbortSignal | undefined
}

/** Pages for each page that is read, from which on not all are. */
const manifold = 4
/** Keys on the pages that are read, for each that is wanted. */
const spare = 4

export async function chosenKeys(tx: Database, question: KeyQuestion): Promise<ChosenKeys> {
  const { keys, beside, sample } = question
  const relation = freeName(question)
  const columns = [...keys, ...beside].map((c) => `q.${quoteIdentifier(c)}`).join(', ')
  const shared = (sql: string): string => `${relation} AS MATERIALIZED (\n${sql}\n)`
  const stages = different(question.stages)
  const all = stages.map((s) => `SELECT ${columns} FROM (\n${s.questions}\n) AS q`).join('\nUNION\n')
  if (sample === 'all' || (await countedTo(tx, question, stages, sample + 1)) <= sample)
    return { shared: shared(all), relation, chosen: 'all', of: undefined, isEstimate: false }
  // A key that is not known can be looked up by nobody.
  const known = keys.map((k) => `q.${quoteIdentifier(k)} IS NOT NULL`).join(' AND ')
  const hash = `hashtextextended(ROW(${keys.map((k) => `q.${quoteIdentifier(k)}`).join(', ')})::text, 0)`
  const sources: KeySource[] = []
  for (const stage of stages) sources.push(await sourceOf(tx, question, stage, sample))
  const least = sources.map(
    ({ sql }) =>
      `(SELECT ${columns}, ${hash} AS _hash FROM (\n${sql}\n) AS q WHERE ${known} ORDER BY _hash LIMIT ${sample})`,
  )
  const sql = `SELECT DISTINCT ${columns} FROM (\nSELECT * FROM (\n${least.join('\nUNION\n')}\n) AS l ORDER BY _hash LIMIT ${sample}\n) AS q`
  const isOfPages = sources.some((s) => s.isOfPages)
  // All were read to choose from them; reading them once more to count them costs no more than that.
  const of = isOfPages
    ? Math.max(sample + 1, ...sources.map((s) => s.estimate))
    : Number(await onlyValue(tx, `SELECT count(*) FROM (\n${all}\n) AS q WHERE ${known}`, question.signal))
  return { shared: shared(sql), relation, chosen: isOfPages ? 'pages' : 'hash', of, isEstimate: isOfPages }
}

/** Of two versions that ask the same questions, one. */
const different = (stages: readonly QuestionStage[]): QuestionStage[] => [
  ...new Map(stages.map((s) => [withoutComments(s.questions), s])).values(),
]

/** Headers tell of versions. */
const withoutComments = (sql: string): string => sql.replaceAll(/^--.*$/gm, '')

function freeName({ stages }: KeyQuestion): string {
  let name = '_viewcast_keys'
  while (stages.some((s) => s.questions.includes(name))) name += '_'
  return name
}

async function countedTo(
  tx: Database,
  { signal }: KeyQuestion,
  stages: readonly QuestionStage[],
  most: number,
): Promise<number> {
  const counts = stages.map((s) => `(SELECT count(*) FROM (SELECT FROM (\n${s.questions}\n) AS q LIMIT ${most}) AS c)`)
  return Number(await onlyValue(tx, `SELECT greatest(${counts.join(', ')})`, signal))
}

interface KeySource {
  readonly sql: string
  readonly isOfPages: boolean
  /** Keys there are, as the planner thinks. */
  readonly estimate: number
}

async function sourceOf(
  tx: Database,
  { signal }: KeyQuestion,
  stage: QuestionStage,
  sample: number,
): Promise<KeySource> {
  const { questions, source } = stage
  const { rows: estimate } = await explained(tx, `EXPLAIN (FORMAT JSON) ${questions}`)
  const pages = source && (await pagesOf(tx, quoteName(source), signal))
  const wanted = Math.max(sample, (spare * sample * (pages ?? 0)) / Math.max(1, estimate))
  if (pages === undefined || pages <= manifold * wanted) return { sql: questions, isOfPages: false, estimate }
  const percent = Number(((100 * wanted) / pages).toPrecision(6))
  return { sql: stage.ofPages(percent), isOfPages: true, estimate }
}

/** Of a table and its partitions, as they are now; undefined for what has none of its own, such as a view. */
async function pagesOf(tx: Database, relation: string, signal: AbortSignal | undefined): Promise<number | undefined> {
  const pages = await onlyValue(
    tx,
    `SELECT coalesce((SELECT sum(pg_relation_size(t.relid)) FROM pg_partition_tree(c.oid) AS t WHERE t.isleaf), pg_relation_size(c.oid))
            / current_setting('block_size')::numeric
     FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'm', 'p')`,
    signal,
    [relation],
  )
  return pages == null ? undefined : Number(pages)
}

async function onlyValue(
  tx: Database,
  sql: string,
  signal: AbortSignal | undefined,
  parameters: readonly unknown[] = [],
): Promise<Value> {
  const { rows } = await tx.query(sql, parameters, signal ? { signal } : {})
  return rows[0]?.[0]
}
