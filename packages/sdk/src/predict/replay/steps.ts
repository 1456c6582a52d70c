/** The statements of a replay that take questions from the log, ask them again, and lay both side by side. */
import {
  type BoundDataset,
  evaluationQuery,
  type Facts,
  type ModelDef,
  type ModelRecord,
  quoteIdentifier,
  quoteText,
  scoredQuery,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import {
  type ComparedInput,
  hashKeys,
  inputDiffers,
  inputRounds,
  isComplete,
  movedSql,
  outputsDiffer,
  tables,
  typedSql,
} from './compared-values.ts'
import { type AskedColumns, overLog, questionColumnsSql, rowColumn } from './over-log.ts'

/** A model as a replay asks it. */
export interface Replayed {
  readonly model: ModelDef
  /** With outputs that tell what each input adds, where the score is a sum. */
  readonly record: ModelRecord
  readonly facts: Facts
  readonly bound: BoundDataset
  readonly asked: AskedColumns
  readonly inputs: readonly ComparedInput[]
  /** What inputs were hashed with: its mark and blocks, or nulls. */
  readonly keys: readonly (string | null)[]
  readonly query: { readonly signal?: AbortSignal }
}

const q = quoteIdentifier

/** Takes the next predictions in the order of their ids, which are hashes. */
export async function takeQuestions(
  tx: Database,
  { asked, query }: Pick<Replayed, 'asked' | 'query'>,
  chosen: string,
  size: number,
  after: string | undefined,
  withInputs = true,
): Promise<{ readonly rows: number; readonly last: string | undefined }> {
  const next = after === undefined ? '' : ` AND p.id > ${quoteText(after)}::uuid`
  // Which they are comes first: joined at once, the inputs of all that is logged were read to find some.
  await tx.query(
    `CREATE TEMPORARY TABLE ${tables.logged} ON COMMIT DROP AS
     SELECT (row_number() OVER (ORDER BY p.id))::int4 AS ${rowColumn}, p.id, p.as_of, p.predicted_at, p.batch_id, p.key,
       p.question, p.outputs, coalesce(i.inputs, '{}') AS inputs, p.hash_key,
       -- Inputs that a prediction should have and has not are gone from the log, which is no reason to compare them.
       CASE WHEN i.id IS NULL THEN '{}' ELSE k.kept END AS kept
     FROM (
       SELECT p.*, b.hash_key FROM viewcast.prediction_batch b JOIN viewcast.prediction p ON p.batch_id = b.id
       WHERE ${chosen}${next} ORDER BY p.id LIMIT ${size}
     ) p
     JOIN (
       SELECT b.id, (SELECT coalesce(jsonb_object_agg(c ->> 'name', c ->> 'kept'), '{}') FROM jsonb_array_elements(b.shape -> 'inputs') c) AS kept
       FROM viewcast.prediction_batch b OFFSET 0
     ) k ON k.id = p.batch_id
     LEFT JOIN LATERAL (
       SELECT i.id, i.inputs FROM viewcast.prediction_input i WHERE ${withInputs} AND (i.id, i.as_of) = (p.id, p.as_of) LIMIT 1
     ) i ON true`,
    [],
    query,
  )
  const [row] = await tx.rows<{ n: number; last: string | null }>(
    `SELECT count(*)::int4 AS n, (SELECT id FROM ${tables.logged} ORDER BY ${rowColumn} DESC LIMIT 1) AS last FROM ${tables.logged}`,
  )
  await tx.execute(
    `CREATE TEMPORARY TABLE ${tables.asked} ON COMMIT DROP AS
     SELECT l.${rowColumn}, ${questionColumnsSql(asked, 'l')} FROM ${tables.logged} AS l;
     ANALYZE pg_temp.${tables.asked}`,
  )
  return { rows: row?.n ?? 0, last: row?.last ?? undefined }
}

/** The features and what the model says of them, for the questions of a table, as a new table. */
export async function askAgain(
  tx: Database,
  { model, record, facts, asked, query }: Replayed,
  from: string,
  into: string,
): Promise<void> {
  const over = overLog(model.dataset, facts, asked, from)
  const { sql } = evaluationQuery({ ...model, dataset: over.dataset }, record, over.facts, [rowColumn])
  await tx.query(`CREATE TEMPORARY TABLE ${into} ON COMMIT DROP AS\n${sql}`, [], query)
}

/**
 * Scores the logged inputs and writes down what differs. Where an input was not kept the one of now stands for it, so that
 * what the others move can be told.
 */
export async function compareWithNow(tx: Database, { record, inputs, keys, query }: Replayed): Promise<void> {
  const values = inputs.map(
    ({ name, type }) =>
      `CASE WHEN l.kept ->> ${quoteText(name)} = 'plain' THEN ${typedSql('l.inputs', name, type)} ELSE n.${q(name)} END AS ${q(name)}`,
  )
  const rows = `SELECT ${[`l.${rowColumn}`, ...values].join(', ')} FROM ${tables.logged} AS l JOIN ${tables.now} AS n ON n.${rowColumn} = l.${rowColumn}`
  const carried = [rowColumn, ...inputs.map((i) => i.name)]
  await tx.query(
    `CREATE TEMPORARY TABLE ${tables.said} ON COMMIT DROP AS\n${scoredQuery(record, rows, carried)}`,
    [],
    query,
  )
  await tx.execute(
    `CREATE TEMPORARY TABLE ${tables.difference} (${rowColumn} int4 NOT NULL, no int4 NOT NULL, moved float8, cause text)
     ON COMMIT DROP`,
  )
  const complete = isComplete(inputs)
  const disagrees = `(${complete}) AND (${outputsDiffer(record, 's')})`
  const differences = inputs.map(
    (input) =>
      `(${input.no}, ${inputDiffers(input)}, CASE WHEN ${inputRounds(input)} THEN 'rounding' END, ${movedSql(input)})`,
  )
  const between = `FROM ${tables.logged} AS l JOIN ${tables.now} AS n ON n.${rowColumn} = l.${rowColumn}
     JOIN ${tables.said} AS s ON s.${rowColumn} = l.${rowColumn} CROSS JOIN ${hashKeys}`
  if (differences.length > 0) {
    await tx.query(
      `INSERT INTO ${tables.difference} (${rowColumn}, no, moved, cause)
       SELECT l.${rowColumn}, v.no, v.moved, coalesce(v.cause, CASE WHEN ${disagrees} THEN 'skew' END)
       ${between} CROSS JOIN LATERAL (VALUES ${differences.join(', ')}) AS v (no, differs, cause, moved) WHERE v.differs`,
      keys,
      query,
    )
  }
  // The prediction itself: where its own inputs do not give it, or where nothing that was kept tells why it differs.
  await tx.query(
    `INSERT INTO ${tables.difference} (${rowColumn}, no, cause)
     SELECT l.${rowColumn}, 0, CASE WHEN ${complete} THEN 'skew' END ${between}
     WHERE CASE WHEN ${complete} THEN ${outputsDiffer(record, 's')} ELSE (${outputsDiffer(record, 'n')})
      
       AND NOT EXISTS (SELECT FROM ${tables.difference} d WHERE d.${rowColumn} = l.${rowColumn} AND d.cause IS DISTINCT FROM 'rounding') END`,
    keys,
    query,
  )
}
