/** Which models a change of definitions concerns, column by column, and with what weight. */
import { type ModelRecord, parseModelRecord } from '@viewcast/compiler'
import type { FeatureDefinition } from '../../project/feature-definitions.ts'
import { sharesOf } from '../../store/lineage/shares.ts'
import { featureDefinitionsOf } from '../../store/registry/feature-definitions.ts'
import { modelArtifact } from '../../store/registry/model-artifact.ts'
import type { Store } from '../../store/store.ts'
import type { AffectedColumn, AffectedModel } from '../plan-data.ts'
import type { LiveDeployment } from '../state.ts'

export interface Affected {
  readonly affected: readonly AffectedModel[]
  /** `view.column` of the features whose definition is what it was. */
  readonly unchanged: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Compares what stands behind each feature now with what stood behind it when the live version was applied, and with what
 * each version in use was trained on: the version to be deployed first, then every other that reads a changed column.
 */
export async function affectedModels(
  store: Store,
  record: ModelRecord,
  definitions: readonly FeatureDefinition[],
  live: LiveDeployment | undefined,
): Promise<Affected> {
  const own = await modelArtifact(store, record.name, record.version)
  const before =
    live?.model && live.modelVersion ? await modelArtifact(store, live.model, live.modelVersion) : undefined
  const kept = await featureDefinitionsOf(
    store,
    [own, before, live && { id: live.artifact }].flatMap((a) => (a ? [a.id] : [])),
  )
  const was = live && kept.get(live.artifact)
  const trained = (own && kept.get(own.id)) ?? []
  const isGone = (d: FeatureDefinition): boolean => !definitions.some((one) => one.feature === d.feature)
  const changes = [
    ...definitions.map((d) => ({ definition: d, change: was ? changeOf(d, was) : ('same' as const) })),
    ...(was ?? []).filter(isGone).map((definition) => ({ definition, change: 'removed' as const })),
  ]
  const shares = await sharesOf(
    store,
    [own, before].flatMap((a) => (a ? [a.id] : [])),
  )
  const old = before && before.id !== own?.id ? (await recordsOf(store, [before.id])).get(before.id) : record
  const columns = changes.flatMap(({ definition, change }): AffectedColumn[] => {
    const on = change === 'removed' ? null : trainedOn(definition, trained)
    if (change === 'same' && on !== 'another') return []
    const version = change === 'removed' ? before?.id : own?.id
    return [
      {
        column: titleOf(definition),
        feature: definition.feature,
        change,
        trainedOn: on,
        coefficients: terms(
          definition.feature,
          live ? old : undefined,
          change === 'removed' && old === record ? undefined : record,
        ),
        share: (version === undefined ? undefined : shares.get(version)?.get(definition.feature)) ?? null,
      },
    ]
  })
  const changed = changes.flatMap((c) => (c.change === 'changed' ? [c.definition] : []))
  const others = await otherReaders(store, changed, new Set([own?.id ?? '', before?.id ?? '']))
  return {
    affected: [
      ...mine(record, columns, (c) => c.change !== 'removed'),
      // What goes was used by the version that is deployed.
      ...mine(old ?? record, columns, (c) => c.change === 'removed'),
      ...others,
    ],
    unchanged: changes.flatMap((c) => (c.change === 'same' ? [titleOf(c.definition)] : [])),
    notes:
      live && !was && definitions.length > 0
        ? [
            'what the features of the deployed version were made of was not kept, so that changes of their definitions are not told',
          ]
        : [],
  }
}

function mine(
  { name, version }: ModelRecord,
  columns: readonly AffectedColumn[],
  isMine: (column: AffectedColumn) => boolean,
): AffectedModel[] {
  const own = columns.filter(isMine)
  return own.length === 0 ? [] : [{ model: name, version, aliases: [], columns: own }]
}

const titleOf = ({ view, column }: Pick<FeatureDefinition, 'view' | 'column'>): string => `${view}.${column}`

function changeOf(now: FeatureDefinition, was: readonly FeatureDefinition[]): 'same' | 'changed' | 'added' {
  const own = was.filter((d) => d.feature === now.feature)
  if (own.length === 0) return 'added'
  return own.some((d) => d.digest === now.digest && sameKeys(d, now)) ? 'same' : 'changed'
}

const sameKeys = (a: FeatureDefinition, b: FeatureDefinition): boolean => {
  const text = ({ keys }: FeatureDefinition): string => JSON.stringify(Object.entries(keys).sort())
  return text(a) === text(b)
}

const formOf = (digest: string): string => digest.slice(0, digest.indexOf(':'))

/** Null where it was not kept, or in a form that cannot be compared. */
function trainedOn(now: FeatureDefinition, trained: readonly FeatureDefinition[]): AffectedColumn['trainedOn'] {
  const own = trained.filter((d) => d.feature === now.feature && formOf(d.digest) === formOf(now.digest))
  if (own.length === 0) return null
  return own.some((d) => d.digest === now.digest && sameKeys(d, now)) ? 'this' : 'another'
}

/** What of a score is made of a feature, by the names of coefficients. */
function terms(
  feature: string,
  before: ModelRecord | undefined,
  after: ModelRecord | undefined,
): AffectedColumn['coefficients'] {
  const own = (record: ModelRecord | undefined): ReadonlyMap<string, number> => {
    const crossed = (record?.interactions ?? []).filter((i) => i.includes(feature)).map((i) => i.join(':'))
    return new Map(
      (record?.coefficients ?? [])
        .filter((c) => c.feature === feature || crossed.includes(c.feature ?? ''))
        .map((c) => [c.class === undefined ? c.name : `${c.name} of ${c.class}`, c.estimate]),
    )
  }
  const [was, is] = [own(before), own(after)]
  return [...new Set([...is.keys(), ...was.keys()])].map((term) => ({
    term,
    before: was.get(term) ?? null,
    after: is.get(term) ?? null,
  }))
}

async function recordsOf({ db }: Store, artifacts: readonly string[]): Promise<ReadonlyMap<string, ModelRecord>> {
  const rows = await db.rows<{ id: string; record: string }>(
    'SELECT artifact_id AS id, record FROM viewcast.model_version WHERE artifact_id = ANY ($1::uuid[])',
    [[...artifacts]],
  )
  return new Map(rows.map((r) => [r.id, parseModelRecord(r.record, 'a model version of the store')]))
}

interface Reader extends FeatureDefinition {
  readonly id: string
  readonly model: string
  readonly version: number
  readonly aliases: readonly string[]
}

/** Versions that are the newest, have an alias or are deployed, and were trained on another definition of these columns. */
async function otherReaders(
  store: Store,
  changed: readonly FeatureDefinition[],
  not: ReadonlySet<string>,
): Promise<readonly AffectedModel[]> {
  if (changed.length === 0) return []
  const rows = await store.db.rows<Reader>(
    `SELECT v.id, m.name AS model, v.version, f.feature, f.view_name AS view, f.column_name AS "column", f.digest, f.keys,
            to_jsonb(ARRAY(SELECT l.alias FROM viewcast.alias l WHERE l.artifact_id = v.id ORDER BY l.alias)) AS aliases
     FROM jsonb_to_recordset($1::jsonb) AS c (view text, "column" text)
     JOIN viewcast.feature_definition f ON f.view_name = c.view AND f.column_name = c."column"
     JOIN viewcast.artifact v ON v.id = f.artifact_id AND v.state <> 'deleted'
     JOIN viewcast.asset m ON m.id = v.asset_id AND m.kind = 'model' AND m.namespace = $2
     WHERE v.id IN (
       SELECT viewcast.versions_in_use()
       UNION
       SELECT dv.model_artifact_id FROM viewcast.deployment d JOIN viewcast.deployment_version dv ON dv.artifact_id = d.artifact_id
     )
     ORDER BY m.name, v.version DESC, f.view_name, f.column_name, f.feature`,
    [JSON.stringify(changed.map(({ view, column }) => ({ view, column }))), store.project],
  )
  const others = new Map<string, Reader[]>()
  for (const r of rows) if (!not.has(r.id)) others.set(r.id, [...(others.get(r.id) ?? []), r])
  const [records, shares] = [await recordsOf(store, [...others.keys()]), await sharesOf(store, [...others.keys()])]
  return [...others].flatMap(([id, own]): AffectedModel[] => {
    const [first] = own
    const columns = [...new Set(own.map((r) => r.feature))].flatMap((feature): AffectedColumn[] => {
      const read = own.filter((r) => r.feature === feature)
      const now = changed.find((c) => c.view === read[0]?.view && c.column === read[0].column)
      // By other keys it is another value, but the definition is of the column alone.
      if (
        !now ||
        trainedOn(
          { ...now, feature },
          read.map((r) => ({ ...r, keys: now.keys })),
        ) !== 'another'
      )
        return []
      const record = records.get(id)
      return [
        {
          column: titleOf(now),
          feature,
          change: 'changed',
          trainedOn: 'another',
          coefficients: terms(feature, record, record),
          share: shares.get(id)?.get(feature) ?? null,
        },
      ]
    })
    return first && columns.length > 0
      ? [{ model: first.model, version: first.version, aliases: first.aliases, columns }]
      : []
  })
}
