import { fail } from '../diagnostics/diagnostic.ts'
import type { Expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection } from '../ir/relation.ts'

export interface Output {
  readonly name: string
  readonly type: 'float8' | 'bool' | 'text'
  readonly description: string
  readonly expr: Expr
  /** Made of more than the linear predictors. */
  readonly ofInputs?: true
}

/** What a choice asks for: columns of stages, and outputs over them. */
export interface PlannedOutputs {
  readonly columns: readonly Projection[]
  readonly outputs: readonly Output[]
}

/** Errors: `model/output`. */
export function refuseOutput(record: ModelRecord, output: string, reason: string): never {
  return fail('model/output', { model: record.name, output, reason })
}
