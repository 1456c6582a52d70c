/** Grants that a new object needs to be granted what the old one is, and nothing that its creator's defaults add. */
import type { Database } from '../database/database.ts'

export interface Granted {
  /** Quoted, or PUBLIC. */
  readonly role: string
  readonly privilege: string
  readonly grantable: boolean
}

interface Found extends Granted {
  /** `wanted`: of the old object; `own`: what any object of its owner has; `given`: what the creator's defaults add. */
  readonly as: 'wanted' | 'own' | 'given'
}

/** @param heir as SQL writes it: `TABLE s.v`, `FUNCTION s.f(text)`. */
export async function carriedGrants(
  db: Database,
  oid: string,
  of: 'relation' | 'function',
  heir: string,
  schema: string,
): Promise<string[]> {
  const found = await db.rows<Found>(of === 'function' ? onFunction : onRelation, [oid, schema])
  return grantStatements(found, heir)
}

function grantStatements(found: readonly Found[], heir: string): string[] {
  const of = (as: Found['as'], role: string) => found.filter((f) => f.as === as && f.role === role)
  // Defaults may take away as well as add, so nothing that an object has by itself is sure where there are some.
  const hasDefaults = found.some((f) => f.as === 'given')
  const isSure = (role: string) => !hasDefaults && text(of('wanted', role)) === text(of('own', role))
  const roles = [...new Set(found.map((f) => f.role))].filter((role) => !isSure(role)).sort()
  const hasAny = (role: string) => of('own', role).length + of('given', role).length > 0
  return roles.flatMap((role) => [
    ...(hasAny(role) ? [`REVOKE ALL ON ${heir} FROM ${role}`] : []),
    ...[false, true].flatMap((grantable) => {
      const some = of('wanted', role).filter((f) => f.grantable === grantable)
      if (some.length === 0) return []
      const privileges = some.map((f) => f.privilege).join(', ')
      return [`GRANT ${privileges} ON ${heir} TO ${role}${grantable ? ' WITH GRANT OPTION' : ''}`]
    }),
  ])
}

const text = (grants: readonly Granted[]): string =>
  grants
    .map((g) => `${g.privilege} ${g.grantable}`)
    .sort()
    .join()

const query = (catalog: string, acl: string, owner: string, type: 'r' | 'f') => `
  WITH o AS (SELECT ${acl} AS acl, acldefault('${type}', ${owner}) AS own FROM ${catalog} WHERE oid = $1::oid), e AS (
    SELECT 'wanted' AS "as", w.* FROM o, aclexplode(coalesce(o.acl, o.own)) w
    UNION ALL SELECT 'own', w.* FROM o, aclexplode(o.own) w
    UNION ALL SELECT 'given', w.* FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) w
    WHERE d.defaclobjtype = '${type}' AND d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user)
      AND (d.defaclnamespace = 0 OR n.nspname = $2))
  SELECT DISTINCT e."as", CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END AS role,
         e.privilege_type AS privilege, e.is_grantable AS grantable
  FROM e ORDER BY 1, 2, 3, 4`
const onRelation = query('pg_class', 'relacl', 'relowner', 'r')
const onFunction = query('pg_proc', 'proacl', 'proowner', 'f')
