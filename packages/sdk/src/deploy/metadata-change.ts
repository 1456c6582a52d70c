/** What is declared of an object beside its query: who may read it, who owns it, with whose privileges it reads. */
import { quoteIdentifier } from '@viewcast/compiler'
import type { DeploymentDef } from '../define/deployment.ts'
import type { Present } from './present.ts'
import type { LiveDeployment } from './state.ts'

export interface MetadataChange {
  /** In words, as a plan shows them. */
  readonly words: readonly string[]
  readonly statements: readonly string[]
  /** Roles whose grant is viewcast's afterwards. */
  readonly granted: readonly string[]
}

export interface MetadataOf {
  readonly def: Pick<DeploymentDef, 'readers' | 'owner'>
  /** The object that stays, or whose place is taken; undefined for one that is new. */
  readonly present: Pick<Present, 'kind' | 'grants' | 'owner'> | undefined
  readonly live: Pick<LiveDeployment, 'granted'> | undefined
  /** As in `ALTER VIEW`. */
  readonly keyword: 'VIEW' | 'TABLE' | 'FUNCTION'
  /** What ALTER calls it: of a function with its parameters. */
  readonly target: string
}

/**
 * Readers get what they need and do not have. Taken back is only what viewcast gave: a role that could read it before it was
 * declared as a reader, or that somebody else let read it, keeps that.
 */
export function metadataChange({ def, present, live, keyword, target }: MetadataOf): MetadataChange {
  const privilege = keyword === 'FUNCTION' ? 'EXECUTE' : 'SELECT'
  const on = keyword === 'FUNCTION' ? `FUNCTION ${target}` : target
  const had = new Set(present ? readersOf(present, keyword === 'FUNCTION' ? 'function' : 'relation') : [])
  const given = new Set(live?.granted)
  const grants = def.readers.filter((role) => !had.has(role))
  const revokes = present ? [...given].filter((role) => !def.readers.includes(role) && had.has(role)) : []
  const owner = def.owner !== null && def.owner !== present?.owner ? def.owner : undefined
  return {
    words: [
      ...grants.map((role) => `grant ${privilege} to ${role}`),
      ...revokes.map((role) => `revoke ${privilege} from ${role}`),
      ...(owner === undefined ? [] : [`owner ${present ? 'becomes' : 'is'} ${owner}`]),
    ],
    statements: [
      ...grants.map((role) => `GRANT ${privilege} ON ${on} TO ${quoteIdentifier(role)}`),
      ...revokes.map((role) => `REVOKE ${privilege} ON ${on} FROM ${quoteIdentifier(role)}`),
      // Last: what was granted before is then granted by the new owner.
      ...(owner === undefined ? [] : [`ALTER ${keyword} ${target} OWNER TO ${quoteIdentifier(owner)}`]),
    ],
    granted: def.readers.filter((role) => given.has(role) || !had.has(role)).sort(),
  }
}

/**
 * Who may read an object, or call it, and with it the one of another sort that takes its place. Everybody may call a function
 * that nobody was named for, so that this says nothing of who may read rows.
 */
export function readersOf(
  { kind, grants }: Pick<Present, 'kind' | 'grants'>,
  heir: 'function' | 'relation',
): readonly string[] {
  const isFunction = kind === 'function'
  const roles = grants.filter((g) => g.privilege === (isFunction ? 'EXECUTE' : 'SELECT')).map((g) => g.role)
  return isFunction && heir === 'relation' ? roles.filter((role) => role !== 'public') : roles
}

/** Options of a view as `name=value`; whose privileges count is what is declared, the rest stays as somebody set it. */
export function viewOptions(
  { security }: Pick<DeploymentDef, 'security'>,
  present: Pick<Present, 'options'> | undefined,
): { readonly text: string; readonly isSame: boolean } {
  const isInvoker = security === 'invoker'
  const others = present?.options.filter((o) => !o.startsWith('security_invoker=')) ?? []
  const was = present?.options.find((o) => o.startsWith('security_invoker='))?.slice('security_invoker='.length)
  return {
    text: [`security_invoker = ${isInvoker}`, ...others.map((o) => o.replace('=', ' = '))].join(', '),
    isSame: present !== undefined && /^(true|on|yes|1)$/.test(was ?? 'false') === isInvoker,
  }
}
