import {
  bindDataset,
  type Definition,
  fail,
  featureLineage,
  type LineageNode,
  type ModelRecord,
  predictionLineage,
  viewLineage,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { describeAll, prepareDataset } from '../project/facts.ts'
import { readDefinitionFiles } from '../project/read-files.ts'

/**
 * Where a column comes from, down to source columns: of a view, sample or target by its own column, of a dataset by feature,
 * of a model by input; a model without a column gives its prediction with every coefficient (`record` is needed then).
 *
 * Errors: `view/unknown-column` with the nearest name; `model/not-trained`.
 *
 * @example
 * ```ts
 * await columnLineage(db, late, 'delay_7d')
 * // late.delay_7d ← public.flights.delay (aggregation), public.flights.landed_at (join), …
 * ```
 */
export async function columnLineage(
  db: Database,
  definition: Definition,
  column: string | undefined,
  options: { readonly record?: ModelRecord; readonly directory?: string } = {},
): Promise<LineageNode> {
  if (definition.kind === 'entity') {
    return fail('project/wrong-kind', { name: definition.name, kind: 'entity', expected: 'view, dataset or model' })
  }
  if (definition.kind === 'model' || definition.kind === 'dataset') {
    const declared = definition.kind === 'model' ? definition.dataset : definition
    const { dataset, facts } = await prepareDataset(db, declared, options.directory)
    const bound = bindDataset(dataset, facts).value
    if (column !== undefined && column !== 'probability' && column !== 'prediction') {
      return featureLineage(bound, column, facts)
    }
    if (definition.kind === 'dataset') {
      return fail('cli/usage', { detail: `Name a feature: ${definition.name}.<feature>` })
    }
    const { record } = options
    return record ? predictionLineage(bound, record, facts) : fail('model/not-trained', { model: definition.name })
  }
  const read = await readDefinitionFiles(definition, options.directory ?? '.')
  const { facts } = await describeAll(db, [read])
  if (column === undefined) return fail('cli/usage', { detail: `Name a column: ${definition.name}.<column>` })
  return viewLineage(read, column, facts)
}
