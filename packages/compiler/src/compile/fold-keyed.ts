import type { BoundDataset } from '../analyse/bind.ts'
import { printExpression } from '../emit/expression.ts'
import type { FoldKey } from '../ir/definition.ts'
import { foldKeyExpression } from '../rewrite/split.ts'

/**
 * A text that returns the columns of the sample, with `_fold_key` beside them: folds for a training query that was kept.
 *
 * ```sql
 * SELECT q.*, … AS _fold_key FROM (…) AS q
 * ```
 */
export const foldKeyed = (sql: string, key: FoldKey, bound: BoundDataset): string =>
  `SELECT q.*, ${printExpression(foldKeyExpression(key, bound, 'q'))} AS _fold_key FROM (\n${sql}\n) AS q`
