/** Which logged predictions are asked again. */
import { diagnostic, fail, instant, nearParameter, quoteText, throwIfErrors } from '@viewcast/compiler'
import { findAsset } from '../../store/graph/assets.ts'
import type { Store } from '../../store/store.ts'

export interface ChosenPredictions {
  /** Only those as of this ISO instant or later. */
  readonly from?: string
  /** Only those as of an instant before this one. */
  readonly until?: string
  /** Id of the run that logged them. */
  readonly run?: string
  /** `schema.name` of the deployment that was asked. */
  readonly deployment?: string
}

/** Predictions of one version, by the id of its artifact, or of all versions of a model, by that of its asset. */
export type OfModel = { readonly artifact: string } | { readonly asset: string }

/** A condition over `viewcast.prediction` as `p` and its batch as `b`. Errors: `time/instant`; `deploy/unknown`. */
export async function chosenSql(store: Store, of: OfModel, chosen: ChosenPredictions): Promise<string> {
  const { run, deployment } = chosen
  const asset = deployment === undefined ? undefined : await deploymentAsset(store, deployment)
  return [
    'artifact' in of
      ? `b.artifact_id = ${quoteText(of.artifact)}::uuid`
      : `b.artifact_id IN (SELECT id FROM viewcast.artifact WHERE asset_id = ${quoteText(of.asset)}::uuid)`,
    boundsSql('p', chosen),
    ...(run === undefined ? [] : [`b.execution_id::text = ${quoteText(run)}`]),
    ...(asset === undefined ? [] : [`b.deployment_id = ${quoteText(asset)}::uuid`]),
  ].join(' AND ')
}

async function deploymentAsset(store: Store, name: string): Promise<string> {
  const found = await findAsset(store, { kind: 'deployment', name })
  if (found !== undefined) return found
  const known = await store.db.rows<{ name: string }>(
    `SELECT name FROM viewcast.asset WHERE kind = 'deployment' AND namespace = $1`,
    [store.project],
  )
  const names = known.map((d) => d.name)
  const [whole] = names.filter((n) => n.endsWith(`.${name}`))
  return fail('deploy/unknown', { name, ...(whole === undefined ? nearParameter(name, names) : { near: whole }) })
}

/** A condition over what has an `as_of`: the months that it is in. Errors: `time/instant`, both at once. */
export function boundsSql(alias: string, { from, until }: Pick<ChosenPredictions, 'from' | 'until'>): string {
  const given = [
    [from, '>='],
    [until, '<'],
  ] as const
  throwIfErrors(
    given.flatMap(([text]) =>
      text !== undefined && instant(text) === undefined ? [diagnostic('time/instant', { value: text })] : [],
    ),
  )
  const bounds = given.flatMap(([text, sign]) =>
    text === undefined ? [] : [`${alias}.as_of ${sign} ${quoteText(instant(text) ?? text)}::timestamptz`],
  )
  return bounds.length === 0 ? 'true' : bounds.join(' AND ')
}
