/** Which logged predictions are asked again. */
import { diagnostic, instant, quoteText, throwIfErrors } from '@viewcast/compiler'
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

/** A condition over `viewcast.prediction` as `p` and its batch as `b`. Errors: `time/instant`. */
export async function chosenSql(store: Store, of: OfModel, chosen: ChosenPredictions): Promise<string> {
  const { run, deployment } = chosen
  const asset = deployment === undefined ? undefined : await findAsset(store, { kind: 'deployment', name: deployment })
  return [
    'artifact' in of
      ? `b.artifact_id = ${quoteText(of.artifact)}::uuid`
      : `b.artifact_id IN (SELECT id FROM viewcast.artifact WHERE asset_id = ${quoteText(of.asset)}::uuid)`,
    boundsSql('p', chosen),
    ...(run === undefined ? [] : [`b.execution_id::text = ${quoteText(run)}`]),
    ...(deployment === undefined
      ? []
      : [asset === undefined ? 'false' : `b.deployment_id = ${quoteText(asset)}::uuid`]),
  ].join(' AND ')
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
