/** Versions that a deployment scores beside its own. */
import { fail, type ModelRecord, objectComment } from '@viewcast/compiler'
import type { DeploymentDef } from '../define/deployment.ts'
import type { Scored } from '../predict/prepared-together.ts'

export interface DeployedChallenger {
  /** Starts the names of its columns. */
  readonly label: string
  readonly model: string
  readonly version: number
}

/** The declared challengers with their records. Errors: `define/option` for one without. */
export function scoredChallengers(
  def: DeploymentDef,
  records: Readonly<Record<string, ModelRecord>> = {},
): Readonly<Record<string, Scored>> {
  const outputs = def.outputs === null ? {} : { outputs: def.outputs }
  return Object.fromEntries(
    Object.entries(def.challengers).map(([label, { model }]) => {
      const record = records[label]
      if (record !== undefined) return [label, { model, record, ...outputs }]
      const what = `deployment "${def.name}"`
      const hint = 'Give planDeployments its record in challengers, or plan the project.'
      return fail('define/option', { option: 'challengers', what, detail: `have no record for "${label}"`, hint })
    }),
  )
}

export const deployedChallengers = (scored: Readonly<Record<string, Scored>>): DeployedChallenger[] =>
  Object.entries(scored).map(([label, { record }]) => ({ label, model: record.name, version: record.version }))

/** The declaration as data: models by their names, challengers with the versions they stood for. */
export function declaration(
  def: DeploymentDef,
  challengers: readonly DeployedChallenger[],
): Readonly<Record<string, unknown>> {
  const declared = challengers.map(({ label, ...version }) => [label, version])
  return { ...def, model: def.model.name, challengers: Object.fromEntries(declared) }
}

/** What {@link declaration} says of challengers; nothing in those of before there were any. */
export function declaredChallengers(spec: Readonly<Record<string, unknown>>): DeployedChallenger[] {
  const found = (spec['challengers'] ?? {}) as Readonly<Record<string, Omit<DeployedChallenger, 'label'>>>
  return Object.entries(found).map(([label, { model, version }]) => ({ label, model, version }))
}

/** The comment of the object, on one line. */
export const commentOf = (record: ModelRecord, challengers: readonly DeployedChallenger[]): string =>
  [
    objectComment(record),
    ...challengers.map((c) => `challenger ${c.label.replace(/\s+/g, ' ')}: model ${c.model} version ${c.version}`),
  ].join('; ')
