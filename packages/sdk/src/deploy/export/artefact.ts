/** A deployment as one file of SQL that says what it is, and refuses to be another. */
import { createHash } from 'node:crypto'
import { dollarTag, fail, type ModelRecord, quoteText } from '@viewcast/compiler'
import type { DeploymentDef } from '../../define/deployment.ts'
import { selfTest } from '../../predict/queries.ts'
import type { Store } from '../../store/store.ts'
import type { PlannedChange } from '../plan-data.ts'
import { tableFill, tableSpec } from '../table-change.ts'
import { again, ended, searchPath } from './migration.ts'

export interface ArtefactOptions {
  readonly def: DeploymentDef
  readonly record: ModelRecord
  /** As the configuration names it. */
  readonly environment?: string
  /** Default now. */
  readonly now?: Date
  readonly directory?: string
}

/**
 * Writes a deployment as one file: a header with where it comes from, the SHA-256 of its statements, what it reads and what
 * it weighs; the statements; and the self-test of the model. `psql -v ON_ERROR_STOP=1 -f` makes the object where there is
 * none, or one of the same columns, in one transaction.
 *
 * The server computes the hash before it runs a statement, and the self-test before it commits: a changed coefficient, here
 * or there, is an error, and nothing is left of the attempt.
 *
 * Errors: those of {@link selfTest}.
 */
export async function deploymentArtefact(
  store: Store,
  change: PlannedChange,
  { def, record, environment = '', now = new Date(), directory }: ArtefactOptions,
): Promise<string> {
  if (!change.to) fail('deploy/unknown', { name: change.name })
  const spec = tableSpec({ kind: change.as, spec: change.spec })
  const schema = change.statements.filter((sql) => /^(CREATE|GRANT USAGE ON) SCHEMA /.test(sql))
  const made = [...schema, ...change.creation, ...(spec ? tableFill(change.object, spec, change.query) : [])].map(again)
  const body = made.map(ended).join('\n\n')
  const hash = createHash('sha256').update(body).digest('hex')
  const test = await selfTest(store.db, def.model, record, {
    ...(directory === undefined ? {} : { directory }),
    ...(def.outputs === null ? {} : { outputs: def.outputs }),
    // A function is asked for keys of its caller's: the sample has questions of every kind.
    ...(change.as === 'function' ? { spine: 'sample' as const } : def.at === null ? {} : { at: def.at }),
  })
  return [
    header(change, record, { environment, project: store.project, now, hash }),
    'BEGIN;',
    `SET LOCAL client_encoding = 'UTF8';`,
    `${await searchPath(store)};`,
    guarded(body, hash),
    test.checks,
    test.raising,
    'COMMIT;\n',
  ].join('\n\n')
}

/** The statements as a text whose hash is looked at before any of it is run. */
function guarded(body: string, hash: string): string {
  const inner = dollarTag(body)
  const outer = dollarTag(`${body}${inner}`).replace('$viewcast', '$viewcast_body')
  return [
    `DO ${outer}`,
    'DECLARE',
    `  _statements text := ${inner}`,
    `${body}`,
    `${inner};`,
    'BEGIN',
    `IF encode(sha256(convert_to(btrim(_statements, E'\\n'), 'UTF8')), 'hex') <> ${quoteText(hash)} THEN`,
    `  RAISE EXCEPTION 'the statements are not those that were written: their SHA-256 is another one';`,
    'END IF;',
    'EXECUTE _statements;',
    'END',
    `${outer};`,
  ].join('\n')
}

interface About {
  readonly project: string
  readonly environment: string
  readonly now: Date
  readonly hash: string
}

function header(change: PlannedChange, record: ModelRecord, { project, environment, now, hash }: About): string {
  const relations = new Map<string, string[]>()
  for (const { relation, column } of change.reads) relations.set(relation, [...(relations.get(relation) ?? []), column])
  const lines = [
    `Deployment "${change.name}" of model "${record.name}", written by viewcast.`,
    '',
    `object       ${change.as} ${change.object.schema}.${change.object.name}`,
    `model        ${record.name} version ${record.version}, trained ${record.trainedAt}`,
    `project      ${project}`,
    `environment  ${environment === '' ? 'the one without a name' : environment}`,
    `written      ${now.toISOString()}`,
    `sha256       ${hash} (of the statements; looked at before they are run)`,
    '',
    'reads',
    ...[...relations].map(([relation, columns]) => `  ${relation}: ${columns.join(', ')}`),
    'features',
    ...record.inputs.map((i) => `  ${i.feature} (${i.type}, ${i.encoder.kind})`),
    'coefficients',
    ...record.coefficients.map((c) => `  ${c.name}: ${c.estimate}`),
  ]
  // A name may hold a line break, which would end the comment.
  return lines.flatMap((line) => line.split(/[\r\n]+/).map((l) => `-- ${l}`.trimEnd())).join('\n')
}
