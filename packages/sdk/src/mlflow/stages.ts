/**
 * MLflow's stages, which it has retired, told by aliases: Production is the alias `production`, Staging `staging`, so a
 * stage holds one version at a time and its history is kept. Archived is a mark on the version.
 */
import { demoteModel, promoteModel } from '../store/registry/aliases.ts'
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

interface Moved {
  readonly id: string
  readonly asset: string
  /** Of the model. */
  readonly name: string
  readonly version: number
  readonly aliases: readonly string[]
}

/** Moves a version; whoever held an active stage before is archived, or has no stage any more. */
export async function moveToStage(
  inside: Store,
  { id, asset, name, version, aliases }: Moved,
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
  const reason = `stage ${stage}, set by a client of MLflow`
  for (const other of Object.values(aliasOf)) {
    if (other !== alias && aliases.includes(other)) await demoteModel(inside, name, other, { reason })
  }
  if (alias !== undefined) await promoteModel(inside, name, alias, version, { reason })
  await inside.db.query(
    stage === 'Archived'
      ? `UPDATE viewcast.artifact SET props = props || '{"stage": "Archived"}' WHERE id = $1`
      : `UPDATE viewcast.artifact SET props = props - 'stage' WHERE id = $1`,
    [id],
  )
}
