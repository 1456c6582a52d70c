/** What a new object takes over from the one whose place it takes, of the same kind or of another. */
import { quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { type Carried, carry, type Heir } from './carry.ts'
import { readersOf } from './metadata-change.ts'
import type { Present } from './present.ts'

/**
 * As {@link carry}. A table in the place of a view, or a view in that of a table, takes over the owner, the comments, and who
 * may read it; a function in the place of either, whoever could read it may call it. Either in the place of a function: whoever
 * may call it by name, as everybody may call a function that gives nothing away, and rows are another thing.
 */
export async function inherit(db: Database, present: Present, heir: Heir): Promise<Carried> {
  if (present.kind === heir.kind) return carry(db, present.oid, heir)
  if (present.kind === 'function' || heir.kind === 'function') return ofAnotherSort(present, heir)
  const { statements, left } = await carry(db, present.oid, heir)
  const lost = statements.filter((sql) => sql.startsWith('CREATE ')).map((sql) => sql.slice(0, sql.indexOf(' ON ')))
  return { statements: statements.filter((sql) => meansTheSame.test(sql)), left: [...left, ...lost] }
}

const meansTheSame = /^(GRANT|REVOKE|COMMENT) |^ALTER \w+ .* OWNER TO /s

function ofAnotherSort({ owner, grants, kind }: Present, heir: Heir): Carried {
  const [read, call] = kind === 'function' ? ['EXECUTE', 'SELECT'] : ['SELECT', 'EXECUTE']
  const on = `${heir.kind === 'function' ? 'FUNCTION' : 'TABLE'} ${heir.name}`
  const heirs = readersOf({ kind, grants }, heir.kind === 'function' ? 'function' : 'relation')
  const readers = grants.filter((g) => g.privilege === read && g.role !== owner && heirs.includes(g.role))
  return {
    statements: [
      `ALTER ${heir.kind.toUpperCase()} ${heir.name} OWNER TO ${quoteIdentifier(owner)}`,
      ...readers.map(
        ({ role, isGrantable }) =>
          `GRANT ${call} ON ${on} TO ${role === 'public' ? 'PUBLIC' : quoteIdentifier(role)}${isGrantable ? ' WITH GRANT OPTION' : ''}`,
      ),
    ],
    left: [],
  }
}
