/** Datasets that runs read, as MLflow shows them. */
import type { Store } from '../store/store.ts'
import type { JsonObject } from './proto-json.ts'

/** Tag of an input that says what it was for; the role of the event with us. */
export const roleTag = 'mlflow.data.context'

interface InputRow {
  readonly run: string
  readonly role: string
  readonly tags: Readonly<Record<string, string>>
  readonly name: string
  readonly version: number
  readonly digest: string | null
  readonly uri: string | null
  readonly props: Readonly<Record<string, unknown>>
}

export async function datasetInputs(
  { db }: Store,
  runs: readonly string[],
): Promise<ReadonlyMap<string, JsonObject[]>> {
  const rows = await db.rows<InputRow>(
    `SELECT e.execution_id AS run, e.role, e.tags, s.name, a.version, a.digest, a.uri, a.props
     FROM viewcast.event e JOIN viewcast.artifact a ON a.id = e.artifact_id JOIN viewcast.asset s ON s.id = a.asset_id
     WHERE e.execution_id = ANY ($1::uuid[]) AND e.direction = 'in' AND s.kind = 'dataset'
     ORDER BY e.at, s.name, a.version`,
    [runs],
  )
  const found = new Map<string, JsonObject[]>()
  for (const row of rows) {
    const list = found.get(row.run) ?? []
    list.push(inputJson(row))
    found.set(row.run, list)
  }
  return found
}

function inputJson({ role, tags, name, version, digest, uri, props }: InputRow): JsonObject {
  const text = (key: string): string | undefined => (typeof props[key] === 'string' ? props[key] : undefined)
  return {
    tags: [
      ...(role === '' ? [] : [{ key: roleTag, value: role }]),
      ...Object.entries(tags).map(([key, value]) => ({ key, value: String(value) })),
    ],
    dataset: {
      name,
      digest: digest ?? `version ${version}`,
      source_type: text('sourceType') ?? 'viewcast',
      source: uri ?? JSON.stringify({ dataset: name, version }),
      schema: text('schema'),
      profile: text('profile'),
    },
  }
}
