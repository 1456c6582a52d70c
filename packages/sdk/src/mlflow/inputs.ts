/** `runs/log-inputs`, `runs/outputs`, `runs/log-model`: what a run read and wrote. */
import { z } from 'zod'
import { logInput } from '../store/runs/inputs.ts'
import { atomically, type Store } from '../store/store.ts'
import { invalid } from './failure.ts'
import { roleTag } from './input-rows.ts'
import { checkLength, limits } from './limits.ts'
import { int64, repeated, required, requiredId, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { activeRun } from './run-rows.ts'
import { ofRun, runIdOf } from './runs.ts'

const dataset = z.object({
  name: required,
  digest: required,
  source_type: required,
  source: required,
  schema: text.optional(),
  profile: text.optional(),
})

const datasetInput = z.object({
  tags: repeated(z.object({ key: required, value: text.default('') })),
  dataset,
})

const logInputs = route(
  'POST',
  'runs/log-inputs',
  z.object({
    ...ofRun,
    datasets: repeated(datasetInput),
    models: repeated(z.object({ model_id: requiredId })),
  }),
  (store, request) => {
    for (const input of request.datasets) checkDataset(input.dataset)
    return atomically(store, async (inside) => {
      const run = await activeRun(inside, runIdOf(request))
      // In order, so that two that log the same datasets never wait for each other.
      for (const input of [...request.datasets].sort((a, b) => order(a.dataset, b.dataset))) {
        await logDataset(inside, run, input)
      }
      await addModels(inside, run, 'inputs', request.models)
      return {}
    })
  },
)

const order = (a: z.output<typeof dataset>, b: z.output<typeof dataset>): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.digest < b.digest ? -1 : 1

function checkDataset(given: z.output<typeof dataset>): void {
  checkLength('Dataset name', limits.dataset.name, given.name)
  checkLength('Dataset digest', limits.dataset.digest, given.digest)
  checkLength('Dataset source', limits.dataset.source, given.source)
  checkLength('Dataset schema', limits.dataset.schema, given.schema ?? '')
  checkLength('Dataset profile', limits.dataset.profile, given.profile ?? '')
}

async function logDataset(inside: Store, run: string, { dataset, tags }: z.output<typeof datasetInput>): Promise<void> {
  const { [roleTag]: role = '', ...rest } = Object.fromEntries(tags.map((t) => [t.key, t.value]))
  const { name, digest, source, source_type, schema, profile } = dataset
  const props = { sourceType: source_type, ...(schema ? { schema } : {}), ...(profile ? { profile } : {}) }
  await logInput(inside, run, { name, digest, source, props }, role, rest)
}

const outputs = route(
  'POST',
  'runs/outputs',
  z.object({ ...ofRun, models: repeated(z.object({ model_id: requiredId, step: int64.default(0) })) }),
  (store, request) =>
    atomically(store, async (inside) => {
      await addModels(inside, await activeRun(inside, runIdOf(request)), 'outputs', request.models)
      return {}
    }),
)

/** Models by their id with MLflow, which the store knows nothing else of; each once. */
async function addModels(
  { db }: Store,
  run: string,
  direction: 'inputs' | 'outputs',
  models: readonly { readonly model_id: string }[],
): Promise<void> {
  if (models.length === 0) return
  await db.query(
    `UPDATE viewcast.execution SET props = jsonb_set(
       jsonb_set(props, '{mlflowModels}', coalesce(props -> 'mlflowModels', '{}')), ARRAY['mlflowModels', $2::text],
       (SELECT jsonb_agg(m ORDER BY first) FROM (
          SELECT m, min(at) AS first FROM jsonb_array_elements(
            coalesce(props -> 'mlflowModels' -> $2::text, '[]') || $3::jsonb) WITH ORDINALITY AS e (m, at) GROUP BY m) d))
     WHERE id = $1`,
    [run, direction, JSON.stringify(models)],
  )
}

const historyTag = 'mlflow.log-model.history'

/** The description of a model, appended to the list that clients keep in a tag. */
const logModel = route('POST', 'runs/log-model', z.object({ ...ofRun, model_json: required }), (store, request) => {
  const model = readModel(request.model_json)
  return atomically(store, async (inside) => {
    const run = await activeRun(inside, runIdOf(request))
    await inside.db.query('SELECT FROM viewcast.execution WHERE id = $1 FOR NO KEY UPDATE', [run])
    await inside.db.query(
      `INSERT INTO viewcast.run_tag AS t (execution_id, key, value) VALUES ($1, $2, jsonb_build_array($3::jsonb)::text)
         ON CONFLICT (execution_id, key) DO UPDATE SET value = (t.value::jsonb || excluded.value::jsonb)::text`,
      [run, historyTag, JSON.stringify(model)],
    )
    return {}
  })
})

function readModel(json: string): object {
  let model: unknown
  try {
    model = JSON.parse(json)
  } catch {
    return invalid(`Malformed model info. \n The model JSON is not JSON.`)
  }
  if (typeof model !== 'object' || model === null)
    return invalid('Malformed model info. \n The model is not an object.')
  const missing = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'].filter((key) => !(key in model))
  return missing.length === 0
    ? model
    : invalid(`Model json is missing mandatory fields: ${missing.map((m) => `'${m}'`).join(', ')}`)
}

export const inputRoutes: readonly Route[] = [logInputs, outputs, logModel]
