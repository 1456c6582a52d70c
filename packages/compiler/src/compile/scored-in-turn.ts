/** Several models over the same rows, each a chain of fenced stages over those of the one before. */
import type { CompileOptions } from '../ir/compile-options.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Stage } from '../ir/relation.ts'
import { renamedPlan } from '../model/renamed-plan.ts'
import { handedOn, type ScorePlan } from '../model/score-plan.ts'
import type { StageNames } from '../rewrite/stage-names.ts'
import { type AskedTogether, uniqueNames } from './asked-together.ts'
import { scoreStages } from './scored-relation.ts'

export interface Naming {
  /** Columns that go through all stages: keys, and what is returned beside the outputs. */
  readonly pass: readonly string[]
  readonly labels: readonly string[]
  readonly names: StageNames
}

/** One model after the other over the rows of the one before, so that no row is looked up again. */
export function scoredInTurn(
  records: readonly ModelRecord[],
  plans: readonly ScorePlan[],
  { names: inputNames, extras, bound }: AskedTogether,
  { pass, labels, names }: Naming,
  options: CompileOptions,
): { readonly plans: readonly ScorePlan[]; readonly stages: readonly Stage[] } {
  const taken = [...pass, ...extras.map((e) => e.name), ...bound.features.map((f) => f.name)]
  const columns = uniqueNames(taken)
  const done: ScorePlan[] = []
  const stages: Stage[] = []
  const handed: string[] = []
  for (const [i, record] of records.entries()) {
    const plan = plans[i]
    const inputs = inputNames[i]
    if (plan === undefined || inputs === undefined) continue
    const label = labels[i - 1]
    const renamed = renamedPlan(plan, {
      // Those of trees are what the fence below makes of them.
      inputs: record.trees === undefined ? inputs : new Map(),
      columns: eachRenamed(
        plan.stages.flatMap((s) => s.columns),
        label,
        columns,
      ),
      // The names of the first were taken before anything else was named.
      stages: label === undefined ? new Map() : eachRenamed([...plan.lookups, ...plan.stages], label, names),
    })
    const later = new Set(records.slice(i + 1).flatMap((r, k) => inputsOf(r, inputNames[i + 1 + k])))
    const carried = [...new Set([...pass, ...later, ...handed])]
    const source = { kind: 'table', name: stages.at(-1)?.name ?? '_features' } as const
    const own = scoreStages(record, renamed, source, carried, { ...options, withScores: false, inputs })
    stages.push(...(label === undefined ? own : introduced(own, renamed, label, record)))
    handed.push(...handedOn(renamed, renamed.stages.length))
    done.push(renamed)
  }
  return { plans: done, stages }
}

const inputsOf = ({ inputs }: ModelRecord, names: ReadonlyMap<string, string> | undefined): string[] =>
  inputs.map((i) => names?.get(i.feature) ?? i.feature)

function eachRenamed(
  some: readonly { readonly name: string }[],
  label: string | undefined,
  names: StageNames,
): ReadonlyMap<string, string> {
  return new Map(some.map(({ name }) => [name, names.take(label === undefined ? name : `${name}_${label}`)]))
}

function introduced(stages: readonly Stage[], plan: ScorePlan, label: string, record: ModelRecord): Stage[] {
  const first = plan.stages[0]?.name
  const comment = `The challenger ${label}: model ${record.name} version ${record.version}, over the same rows.`
  return stages.map((s) => (s.name === first ? { ...s, comment } : s))
}
