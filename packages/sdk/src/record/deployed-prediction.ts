/** The query of what is live with what a log keeps beside its predictions, or why there is none. */
import { InternalError, type ModelDef, type ModelRecord, type OutputChoice } from '@viewcast/compiler'
import type { ObjectName } from '../deploy/object-name.ts'
import { type LiveDeployment, liveDeployment } from '../deploy/state.ts'
import { type LoggedPrediction, loggedPrediction } from '../predict/logged-prediction.ts'
import type { InputPolicy } from '../store/predictions/log-shape.ts'
import { modelVersion } from '../store/registry/model-versions.ts'
import type { Store } from '../store/store.ts'

export interface AsDeclared {
  /** Declaration of a model by its name: it says by which questions and from which inputs the predictions are made. */
  readonly model: (name: string) => ModelDef
  /** What relative `.sql` paths of the definitions are relative to. */
  readonly directory?: string
}

export interface DeployedAsked {
  /** Null for what the object itself asks about. */
  readonly at: string | null
  readonly policy?: InputPolicy
  readonly spine?: 'sample'
}

export interface DeployedPrediction {
  readonly live: LiveDeployment
  readonly model: ModelDef
  readonly record: ModelRecord
  readonly logged: LoggedPrediction
}

/**
 * Compiles the version that is live from the declarations of now. Whether that is what runs there is told by `logged.plain`:
 * declarations may have changed since.
 *
 * Errors: those of `loggedPrediction`. The object is one that is live.
 */
export async function deployedPrediction(
  store: Store,
  object: ObjectName,
  { model: declared, directory }: AsDeclared,
  { at, policy, spine }: DeployedAsked,
): Promise<DeployedPrediction> {
  const live = await liveDeployment(store, object)
  if (!live || live.model === null || live.modelVersion === null) throw new InternalError('Nothing is live there')
  const model = declared(live.model)
  const { record } = await modelVersion(store, live.model, live.modelVersion)
  const outputs = live.spec['outputs'] as readonly OutputChoice[] | null
  const options = {
    ...(at === null ? {} : { at }),
    ...(spine === undefined ? {} : { spine }),
    ...(outputs === null ? {} : { outputs }),
    ...(directory === undefined ? {} : { directory }),
  }
  return { live, model, record, logged: await loggedPrediction(store.db, model, record, options, policy) }
}
