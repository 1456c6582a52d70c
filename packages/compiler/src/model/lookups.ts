/**
 * Categories of many levels as a join: one list of levels and weights for each input, however many scores there are.
 *
 * A CASE goes through its arms one after the other: a category of 200 levels takes 3.1 s for a million rows, a LEFT JOIN to
 * VALUES 0.23 s. Up to 8 levels the CASE is as fast, and easier to read.
 */
import { type Expr, expr, type Literal } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Join, Relation, Select } from '../ir/relation.ts'
import type { Lookup } from './encoders/contribution.ts'
import { hasNoLevel } from './encoders/level-table.ts'
import type { Predictor, PredictorPart } from './predictors.ts'

/** Up to which number of levels a CASE is written. */
const fewLevels = 8

/** A list of levels as a stage of its own, and how the features are joined to it. */
export interface LookupStage {
  readonly name: string
  readonly feature: string
  readonly relation: Select
  readonly join: Join
}

/**
 * The predictors with parts of many levels read from joined lists. Levels of a list are distinct, and compared byte by byte
 * whatever the collation of the column, so that a row finds one at most: the join changes no row count.
 */
export function withLookups(
  record: ModelRecord,
  predictors: readonly Predictor[],
  alias: string,
): { readonly predictors: readonly Predictor[]; readonly stages: readonly LookupStage[] } {
  const stages: LookupStage[] = []
  const replaced = predictors.map((p) => [...p.parts])
  for (const [i, input] of record.inputs.entries()) {
    const parts = predictors.map((p) => p.parts[i])
    const lookups = parts.flatMap((p) => (p?.lookup === undefined ? [] : [p.lookup]))
    const levels = [...new Set(lookups.flatMap((l) => l.levels.map(({ level }) => level)))]
    if (levels.length <= fewLevels || lookups.some((l) => !isJoinable(l))) continue
    const name = `_lookup_${stages.length + 1}`
    stages.push(lookupStage(name, input.feature, lookups, levels))
    const column = expr.column(alias, input.feature)
    let next = 0
    for (const [k, part] of parts.entries()) {
      if (part?.lookup === undefined) continue
      const weight = weightOf(part.lookup, expr.column(name, weightName(next++)), column, input.type)
      ;(replaced[k] as PredictorPart[])[i] = { ...withoutPlain(part), expr: weight }
    }
  }
  return { predictors: predictors.map((p, k) => ({ ...p, parts: replaced[k] ?? [] })), stages }
}

const withoutPlain = ({ plain: _, ...part }: PredictorPart): PredictorPart => part

/** A level without a weight could not be told from one that is not in the list. */
const isJoinable = ({ levels, key }: Lookup): boolean =>
  levels.every(({ level, value }) => value !== null && typeof level !== 'boolean') && key.kind !== 'literal'

const weightName = (score: number): string => (score === 0 ? 'weight' : `weight_${score + 1}`)

function lookupStage(
  name: string,
  feature: string,
  lookups: readonly Lookup[],
  levels: readonly Literal[],
): LookupStage {
  const isText = typeof levels[0] === 'string'
  const weights = lookups.map((l) => new Map(l.levels.map(({ level, value }) => [level, value])))
  const values: Relation = {
    kind: 'values',
    columns: [
      { name: 'level', type: isText ? 'text' : 'float8' },
      ...lookups.map((_, k) => ({ name: weightName(k), type: 'float8' })),
    ],
    rows: levels.map((level) => [level, ...weights.map((w, k) => w.get(level) ?? lookups[k]?.unseen ?? null)]),
  }
  const column = (column: string) => ({ name: column, expr: expr.column('l', column) })
  const key = lookups[0]?.key as Expr
  return {
    name,
    feature,
    relation: {
      kind: 'select',
      from: { relation: values, alias: 'l' },
      joins: [],
      columns: ['level', ...lookups.map((_, k) => weightName(k))].map(column),
      distinct: false,
      fence: false,
    },
    join: {
      type: 'left',
      source: { relation: { kind: 'table', name }, alias: name },
      on: [expr.compare('=', expr.column(name, 'level'), isText ? expr.call('bytewise', [key]) : key)],
    },
  }
}

function weightOf({ missing, unseen }: Lookup, weight: Expr, column: Expr, type: string): Expr {
  const literal = (value: number | null): Expr => expr.literal('float8', value)
  const seen = unseen === null ? weight : expr.call('coalesce', [weight, literal(unseen)])
  return missing === unseen ? seen : expr.case([{ when: hasNoLevel(column, type), value: literal(missing) }], seen)
}
