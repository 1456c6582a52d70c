/**
 * MLflow's stages, which it has retired, told by aliases: Production is the alias `production`, Staging `staging`, so a
 * stage holds one version at a time and its history is kept. Archived is a mark on the version.
 */
import type { Store } from '../store/store.ts'
import { invalid } from './failure.ts'

export type Stage = 'None' | 'Staging' | 'Production' | 'Archived'

const stages: readonly Stage[] = ['None', 'Staging', 'Production', 'Archived']

const aliasOf: Readonly<Partial<Record<Stage, string>>> = { Production: 'production', Staging: 'staging' }

export const stageOf = (version: { readonly aliases: readonly string[]; readonly archived: boolean }): Stage =>
  version.aliases.includes('production')
    ? 'Production'
    : version.aliases.includes('staging')
      ? 'Staging'
      : version.archived
        ? 'Archived'
        : 'None'

export function readStage(name: string): Stage {
  const stage = stages.find((s) => s.toLowerCase() === name.toLowerCase())
  return stage ?? invalid(`Invalid Model Version stage: ${name}. Value must be one of ${stages.join(', ')}.`)
}

/** Points an alias at a version; the history of it is written by the database. */
export async function setAlias({ db, actor }: Store, asset: string, alias: string, artifact: string, reason: string) {
  await db.query(
    `INSERT INTO viewcast.alias (asset_id, alias, artifact_id, actor, reason) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (asset_id, alias) DO UPDATE SET artifact_id = excluded.artifact_id, actor = excluded.actor, reason = excluded.reason`,
    [asset, alias, artifact, actor, reason],
  )
}

/** Moves a version; whoever held an active stage before is archived, or has no stage any more. */
export async function moveToStage(
  inside: Store,
  { id, asset }: { readonly id: string; readonly asset: string },
  stage: Stage,
  archiveExisting: boolean,
): Promise<void> {
  const alias = aliasOf[stage]
  if (archiveExisting && alias === undefined) {
    invalid(
      `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are ['Staging', 'Production']`,
    )
  }
  // Held until the end: of two that move versions of one model the second sees what the first did.
  await inside.db.query('SELECT FROM viewcast.asset WHERE id = $1 FOR UPDATE', [asset])
  if (archiveExisting) {
    await inside.db.query(
      `UPDATE viewcast.artifact SET props = props || '{"stage": "Archived"}'
       WHERE id = (SELECT artifact_id FROM viewcast.alias WHERE asset_id = $1 AND alias = $2) AND id <> $3`,
      [asset, alias, id],
    )
  }
  await inside.db.query(
    `DELETE FROM viewcast.alias WHERE artifact_id = $1 AND alias IN ('production', 'staging') AND alias IS DISTINCT FROM $2`,
    [id, alias ?? null],
  )
  if (alias !== undefined) await setAlias(inside, asset, alias, id, `stage ${stage}`)
  await inside.db.query(
    stage === 'Archived'
      ? `UPDATE viewcast.artifact SET props = props || '{"stage": "Archived"}' WHERE id = $1`
      : `UPDATE viewcast.artifact SET props = props - 'stage' WHERE id = $1`,
    [id],
  )
}
