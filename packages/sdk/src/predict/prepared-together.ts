/** Several versions made ready to be compiled together: each model is read once, whichever of its versions are meant. */
import {
  type Diagnostic,
  type Facts,
  fail,
  type ModelDef,
  type ModelRecord,
  type OutputChoice,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { prepareModel } from '../project/prepare-model.ts'

/** A version of a model. */
export interface Scored {
  readonly model: ModelDef
  readonly record: ModelRecord
  /** Output columns instead of those the record has. */
  readonly outputs?: readonly OutputChoice[]
}

/** Several versions, prepared against one catalog. Errors: `compile/challenger`; those of `prepareModel`. */
export async function preparedTogether(
  db: Database,
  all: readonly Scored[],
  directory: string | undefined,
): Promise<{ readonly all: readonly Scored[]; readonly facts: Facts; readonly warnings: readonly Diagnostic[] }> {
  const byModel = new Map<ModelDef, Awaited<ReturnType<typeof prepareModel>>>()
  for (const { model } of all) if (!byModel.has(model)) byModel.set(model, await prepareModel(db, model, directory))
  const [first] = [...byModel.values()]
  if (first === undefined) throw new RangeError('There is no champion')
  for (const { model } of byModel.values()) {
    if ((model.dataset.materialised ?? 'inline') === (first.model.dataset.materialised ?? 'inline')) continue
    const reason = 'only one of both datasets reads materialised views as they are stored'
    fail('compile/challenger', { challenger: model.name, champion: first.model.name, reason })
  }
  const found = [...byModel.values()].map((p) => p.facts)
  const facts: Facts = {
    catalog: first.facts.catalog,
    columns: (d) => found.map((f) => f.columns(d)).find((columns) => columns.length > 0) ?? [],
  }
  const warnings = [...byModel.values()].flatMap((p) => p.warnings)
  return {
    all: all.map((one) => ({ ...one, model: byModel.get(one.model)?.model ?? one.model })),
    facts,
    warnings: [...new Map(warnings.map((w) => [JSON.stringify(w), w])).values()],
  }
}
