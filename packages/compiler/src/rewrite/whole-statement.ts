/** A pass over stages as a pass over a statement: the last SELECT holds users' texts too, in its lateral joins. */
import type { Relation, Select, Stage, Statement } from '../ir/relation.ts'

/** `pass` may add stages, anywhere but last, and may not change what kind the last relation is. */
export function onStages(statement: Statement, pass: (stages: readonly Stage[]) => readonly Stage[]): Statement {
  const stages = pass(stagesOf(statement))
  return { ...statement, stages: stages.slice(0, -1), body: stages.at(-1)?.relation as Select }
}

/** The stages of a statement with its last SELECT as one more, nameless. */
export const stagesOf = (statement: Statement): readonly Stage[] => [
  ...statement.stages,
  { name: '', relation: statement.body satisfies Relation },
]
