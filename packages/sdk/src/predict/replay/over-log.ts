/** A dataset asked at logged questions instead of its sample's. */
import type { BoundDataset, CatalogRelation, Column, DatasetDef, Facts, SampleDef } from '@viewcast/compiler'
import { besideKeys, printType, questionColumns, quoteIdentifier, quoteText } from '@viewcast/compiler'
import type { LogShape } from '../../store/predictions/log-shape.ts'

export type AskedColumns = Pick<LogShape, 'keys' | 'questions' | 'hasAsOf'>

/** Number of a question, among those that are asked together. */
export const rowColumn = '_row'

export interface OverLog {
  readonly dataset: DatasetDef
  readonly facts: Facts
}

export interface OverLogOptions {
  /** Asks for the label. */
  readonly withTarget?: boolean
  /** Which rows of the table are questions: a condition over it. Default all. */
  readonly where?: string
}

/**
 * The dataset with a temporary table of questions in the place of its sample: `_row`, the keys, what questions brought, and
 * `as_of` where it has instants.
 */
export function overLog(
  dataset: DatasetDef,
  facts: Facts,
  shape: AskedColumns,
  table: string,
  { withTarget = false, where }: OverLogOptions = {},
): OverLog {
  const columns: Column[] = [
    { name: rowColumn, type: 'int4', nullable: false },
    ...[...shape.keys, ...shape.questions].map((c) => ({ ...c, nullable: true })),
    ...(shape.hasAsOf ? [{ name: 'as_of', type: 'timestamptz', nullable: false }] : []),
  ]
  const relation: CatalogRelation = { schema: 'pg_temp', name: table, kind: 'table', columns, indexes: [] }
  const own = columns.map((c) => quoteIdentifier(c.name)).join(', ')
  const text = `SELECT ${own} FROM pg_temp.${table}${where === undefined ? '' : ` WHERE ${where}`}`
  const sample: SampleDef = {
    kind: 'sample',
    name: 'logged',
    entity: dataset.sample.entity,
    query: { kind: 'sql', text, origin: { kind: 'generated' } },
    split: { kind: 'none' },
  }
  const { target, ...rest } = dataset
  return {
    dataset: { ...rest, sample, ...(withTarget && target ? { target } : {}) },
    facts: {
      catalog: { ...facts.catalog, relations: [...facts.catalog.relations, relation] },
      columns: (d) => (d === sample ? columns : facts.columns(d)),
    },
  }
}

/** What a question of a model brings, by the types the dataset has now, which the logged texts are read as. */
export function askedColumns(bound: BoundDataset, features: Iterable<string>): AskedColumns {
  const { entity } = bound.dataset.sample
  const types = new Map(bound.sampleColumns.map((c) => [c.name, c.type]))
  return {
    keys: entity.keys.map(({ name, type }) => ({ name, type: types.get(name) ?? type })),
    questions: besideKeys(bound, questionColumns(bound, new Set(features))).map(({ name, type }) => ({ name, type })),
    hasAsOf: bound.hasAsOf,
  }
}

/** Keys and questions of the log as columns of their types, over an alias with `key` and `question`. */
export const questionColumnsSql = (shape: AskedColumns, alias: string): string =>
  [...shape.keys.map((c) => [c, 'key'] as const), ...shape.questions.map((c) => [c, 'question'] as const)]
    .map(
      ([c, from]) => `(${alias}.${from} ->> ${quoteText(c.name)})::${printType(c.type)} AS ${quoteIdentifier(c.name)}`,
    )
    .concat(shape.hasAsOf ? [`${alias}.as_of`] : [])
    .join(', ')
