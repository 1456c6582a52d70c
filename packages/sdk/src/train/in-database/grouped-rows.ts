/**
 * Training rows as groups of equal rows: the database counts them, and the fit runs over the groups, each weighing as
 * much as its rows together.
 *
 * Rows are grouped by everything that is read of them, the label and the weight too, so that a group is a row and a number of
 * copies: no family needs sums of its own, and nothing is lost.
 */
import { type CompiledQuery, type ModelDef, quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { type TrainingColumns, trainingColumns } from '../collect/training-columns.ts'
import { askIn } from './ask.ts'
import { fittedByAggregates } from './fit-in-database.ts'

/** Rows from which fewer of them are worth asking for. */
const manyRows = 20_000
/** Groups are few when there is at most one for so many rows. */
const rowsPerGroup = 10
/** Rows looked at first, a tenth of all but within these: where most of them differ, all need not be counted. */
const firstLook = [2_000, 100_000] as const
const differing = 2 / 3

const fittedByGroups: ReadonlySet<string> = new Set([
  ...fittedByAggregates,
  'offset',
  'interactions',
  'scorecard',
  'classWeights',
])

/** What of a model needs rows one by one; undefined when groups of them do. */
export function needsSingleRows(model: ModelDef): string | undefined {
  const option = Object.entries(model).find(([name, value]) => value !== undefined && !fittedByGroups.has(name))
  if (option !== undefined) return `the option "${option[0]}"`
  if (model.solver !== 'cholesky' && model.solver !== 'irls') return `the solver "${model.solver}"`
  // Each row is encoded by the labels of other folds, and a group cannot be in several.
  const other = Object.entries(model.inputs).find(([, spec]) => spec !== 'auto' && spec.kind === 'target')
  return other === undefined ? undefined : `the encoder of input "${other[0]}"`
}

/** A query for the groups, with the number of rows of each in its last column. */
export interface GroupedRows {
  readonly sql: string
  readonly columns: CompiledQuery['columns']
  readonly wanted: TrainingColumns['wanted']
}

/** In the order of the values, so that a fit is the same each time. */
export function groupedRows(model: ModelDef, query: CompiledQuery): GroupedRows {
  const { read, keys } = grouping(model, query)
  const columns = [...read, { name: '_copies', type: 'int8', nullable: false }]
  const list = read.map((c) => `q.${quoteIdentifier(c.name)}`).join(', ')
  const by = keys.join(', ')
  return {
    sql: `SELECT ${list}, count(*) AS _copies\nFROM (\n${query.sql}\n) AS q\nGROUP BY ${by}\nORDER BY ${by}`,
    columns,
    wanted: trainingColumns(model, columns, true).wanted,
  }
}

/** Whether the `rows` that the planner expects are few different ones: by the first of them, then by all. */
export async function hasFewGroups(
  db: Database,
  model: ModelDef,
  query: CompiledQuery,
  rows: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (rows < manyRows) return false
  const look = Math.min(Math.max(firstLook[0], Math.ceil(rows / rowsPerGroup)), firstLook[1])
  return (
    (await hasAtMost(Math.floor(look * differing), ` LIMIT ${look}`)) &&
    (await hasAtMost(Math.floor(rows / rowsPerGroup), ''))
  )

  async function hasAtMost(most: number, limit: string): Promise<boolean> {
    const by = grouping(model, query).keys.join(', ')
    const groups = `SELECT 1 FROM (SELECT * FROM (\n${query.sql}\n) AS r${limit}) AS q GROUP BY ${by} LIMIT ${most + 1}`
    const [row] = await askIn(db, signal)(`SELECT count(*) FROM (${groups}) AS g`)
    return Number(row?.[0]) <= most
  }
}

/**
 * The columns that are read, and what rows are grouped by. Texts are grouped by their bytes as well: for citext, or with a
 * collation that is not deterministic, different ones are equal.
 */
function grouping(
  model: ModelDef,
  query: CompiledQuery,
): { readonly read: CompiledQuery['columns']; readonly keys: readonly string[] } {
  const { wanted } = trainingColumns(model, query.columns)
  const read = wanted.flatMap(({ at }) => query.columns[at] ?? [])
  const keys = read.flatMap(({ name }, i) => {
    const own = `q.${quoteIdentifier(name)}`
    return wanted[i]?.as === 'level' ? [own, `(${own})::text COLLATE "C"`] : [own]
  })
  return { read, keys }
}
