/** How predictions would move: what is deployed against what is planned, for the same keys at the same moment. */
import { type QuestionStage, questionStage, quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { isDatabaseError } from '../../database/database-error.ts'
import { serverWords } from '../../database/server-words.ts'
import { type AnsweringQuery, type FoundMovement, movementBetween } from '../../predict/score-movement.ts'
import { meanInterval, shareInterval } from '../../predict/share-interval.ts'
import { explained, undone } from '../dry-run.ts'
import { quoted } from '../object-name.ts'
import type { Movement, MovementEstimates, PlannedChange } from '../plan-data.ts'
import type { Present, PresentColumn } from '../present.ts'
import type { LiveDeployment } from '../state.ts'
import { type ChosenKeys, chosenKeys } from './chosen-keys.ts'

export interface MovementQuestion {
  readonly change: Pick<PlannedChange, 'class' | 'as' | 'object'>
  /** The flat query that is planned: of a function for every key there is, instead of its statement. */
  readonly query: string
  readonly columns: readonly PresentColumn[]
  /** Key columns of the entity. */
  readonly keys: readonly string[]
  readonly live: LiveDeployment
  readonly present: Present | undefined
  readonly sample: number | 'all'
  readonly timeout: number
  readonly withKey: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Chooses keys, and asks both versions for them in one statement, so that they see the same rows and the same `now()`. Both
 * queries are as they are deployed, but for the stage that lists their questions. What stands in `as_of` does not tell
 * questions apart, as each key is asked about once.
 */
export async function movementOf(
  db: Database,
  question: MovementQuestion,
): Promise<{ readonly movement?: Movement; readonly notes: readonly string[] }> {
  const sides = sidesOf(question)
  if (typeof sides === 'string') return { notes: [notCompared(sides)] }
  const { sample, timeout, withKey, signal } = question
  try {
    const movement = await undone(db, { timeout }, async (tx) => {
      // Inside another transaction it would outlive this one.
      if (!db.isTransaction) await tx.execute('SET TRANSACTION READ ONLY')
      // Compiling a query just in time pays for millions of rows.
      await tx.execute('SET LOCAL jit = off')
      const chosen = await chosenKeys(tx, { ...sides, keys: question.keys, sample, signal })
      const [before, after] = [await cheapest(tx, sides.before, chosen), await cheapest(tx, sides.after, chosen)]
      const given = { shared: chosen.shared, withKey, ...(signal ? { signal } : {}) }
      return told(question, chosen, await movementBetween(tx, before, after, given))
    })
    return { movement, notes: [] }
  } catch (e) {
    if (!isDatabaseError(e) || signal?.aborted) throw e
    const isLate = e.sqlState === '57014'
    return { notes: [notCompared(isLate ? tooLate(question) : serverWords(e))] }
  }
}

const notCompared = (why: string): string => `predictions were not compared: ${why}`

function tooLate({ timeout, sample }: MovementQuestion): string {
  const fewer = sample === 'all' || sample > 1000 ? '; compare fewer keys with --sample 1000' : ''
  return `it took longer than ${timeout / 1000} s${fewer}`
}

interface Sides {
  readonly before: Side
  readonly after: Side
  /** Those that list keys. */
  readonly stages: readonly QuestionStage[]
  /** Columns of the questions that are wanted beside the keys. */
  readonly beside: readonly string[]
}

interface Side {
  readonly keys: AnsweringQuery['keys']
  readonly outputs: AnsweringQuery['outputs']
  /** The query for all keys; undefined of what is called for each. */
  readonly all?: string
  /** Texts for the keys of a relation that give the same rows. */
  readonly among: (relation: string) => readonly string[]
}

/** Or why there are none. */
function sidesOf(question: MovementQuestion): Sides | string {
  const { query, columns, keys, live } = question
  const before = live.columns.filter((c) => c.tombstone === undefined)
  const missing = keys.find((key) => !before.some((c) => c.name === key))
  if (missing !== undefined) return `what is deployed has no column ${missing}`
  const outputs = columns.flatMap(({ name, type }) => {
    if (keys.includes(name) || before.find((c) => c.name === name)?.type !== type) return []
    const isNumber = type === 'double precision'
    return isNumber || name === 'label' ? [{ name, type: isNumber ? 'float8' : type }] : []
  })
  if (outputs.length === 0) return 'no output is in both under one name'
  const answers = { keys, outputs }
  const planned = questionStage(query)
  if (!planned) return notOurs
  const after = sideOf(query, planned, answers)
  if (live.kind !== 'function') {
    const listed = questionStage(live.query)
    if (listed) return { before: sideOf(live.query, listed, answers), after, stages: [listed, planned], beside: [] }
    const before = { ...answers, all: live.query, among: () => [] }
    return question.sample === 'all' ? { before, after, stages: [planned], beside: [] } : notOurs
  }
  const asked = columns.some((c) => c.name === 'as_of') ? ['as_of'] : []
  const call = callOf(question, asked)
  if (call === undefined) return 'the function is called with more than a key and an instant'
  const own = [...keys.map((k) => `n.${quoteIdentifier(k)}`), ...outputs.map((o) => `f.${quoteIdentifier(o.name)}`)]
  const called = (relation: string) => [
    `SELECT ${own.join(', ')} FROM ${relation} AS n CROSS JOIN LATERAL ${call} AS f`,
  ]
  return { before: { ...answers, among: called }, after, stages: [planned], beside: asked }
}

const notOurs = 'what is deployed does not say which questions it answers; --sample all compares all of them'

const sideOf = (
  all: string,
  stage: QuestionStage,
  { keys, outputs }: Pick<AnsweringQuery, 'keys' | 'outputs'>,
): Side => ({
  keys,
  outputs,
  all,
  among: (relation) => [
    stage.among(relation, keys),
    `SELECT _answer.* FROM ${relation} AS _question CROSS JOIN LATERAL (\n${stage.each('_question', keys)}\n) AS _answer`,
  ],
})

/**
 * Together, or key by key: a view that groups all rows of a table gives the rows of a key by its index only where the planner
 * knows that key. So the cost is that of the keys, and never more than that of reading everything once.
 */
async function cheapest(tx: Database, side: Side, { shared, relation, chosen }: ChosenKeys): Promise<AnsweringQuery> {
  const { keys, outputs, all } = side
  const texts = all !== undefined && chosen === 'all' ? [all] : side.among(relation)
  let [sql = ''] = texts
  let least = Number.POSITIVE_INFINITY
  for (const text of texts.length > 1 ? texts : []) {
    const { total } = await explained(tx, `EXPLAIN (FORMAT JSON) WITH ${shared} SELECT * FROM (\n${text}\n) AS q`)
    if (total >= least) continue
    sql = text
    least = total
  }
  return { sql, keys, outputs }
}

function told({ sample }: MovementQuestion, { chosen, of, isEstimate }: ChosenKeys, found: FoundMovement): Movement {
  const { only: _, asked, ...movement } = found
  return {
    ...movement,
    sample,
    keys: { compared: asked, of: of ?? asked, isEstimate, chosen },
    ...(chosen === 'all' ? {} : { estimates: estimatesOf(found) }),
  }
}

const estimatesOf = ({ asked, outputs, label, unmatched }: FoundMovement): MovementEstimates => ({
  outputs: outputs.map(({ output, rows, moved, meanShift, standardDeviation }) => {
    const mean = meanInterval(meanShift, standardDeviation, rows)
    return { output, moved: shareInterval(moved, rows), ...(mean ? { meanShift: mean } : {}) }
  }),
  ...(label === undefined ? {} : { label: shareInterval(label.changed, label.rows) }),
  unmatched: { before: shareInterval(unmatched.before, asked), after: shareInterval(unmatched.after, asked) },
})

/** Its parameters are named like the columns they stand for, or with a prefix. */
function callOf({ present, keys, change }: MovementQuestion, instant: readonly string[]): string | undefined {
  const asked = [...keys, ...instant]
  const given = (present?.parameters ?? []).map(({ name }) => {
    const column = asked.find((c) => name === c || (name.startsWith('p_') && name.replace(/^p_+/, '') === c))
    return column === undefined ? undefined : `${quoteIdentifier(name)} => n.${quoteIdentifier(column)}`
  })
  if (present === undefined || given.includes(undefined)) return undefined
  return `${quoted(change.object)}(${given.join(', ')})`
}
