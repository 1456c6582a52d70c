import { loadModule, parseSync, scanSync } from 'libpg-query'
import { beforeAll, expect, test } from 'vitest'
import { quoteIdentifier } from './identifier.ts'
import { isKeyword } from './keywords.ts'

beforeAll(loadModule)

/** `pg_get_keywords()` of PostgreSQL 18, catcode U: usable as a name everywhere. */
const unreserved =
  'abort absent absolute access action add admin after aggregate also alter always asensitive assertion assignment at atomic attach attribute backward before begin breadth by cache call called cascade cascaded catalog chain characteristics checkpoint class close cluster columns comment comments commit committed compression conditional configuration conflict connection constraints content continue conversion copy cost csv cube current cursor cycle data database day deallocate declare defaults deferred definer delete delimiter delimiters depends depth detach dictionary disable discard document domain double drop each empty enable encoding encrypted enforced enum error escape event exclude excluding exclusive execute explain expression extension external family filter finalize first following force format forward function functions generated global granted groups handler header hold hour identity if immediate immutable implicit import include including increment indent index indexes inherit inherits inline input insensitive insert instead invoker isolation keep key keys label language large last leakproof level listen load local location lock locked logged mapping match matched materialized maxvalue merge method minute minvalue mode month move name names nested new next nfc nfd nfkc nfkd no normalized nothing notify nowait nulls object objects of off oids old omit operator option options ordinality others over overriding owned owner parallel parameter parser partial partition passing password path period plan plans policy preceding prepare prepared preserve prior privileges procedural procedure procedures program publication quote quotes range read reassign recursive ref referencing refresh reindex relative release rename repeatable replace replica reset restart restrict return returns revoke role rollback rollup routine routines rows rule savepoint scalar schema schemas scroll search second security sequence sequences serializable server session set sets share show simple skip snapshot source sql stable standalone start statement statistics stdin stdout storage stored strict string strip subscription support sysid system tables tablespace target temp template temporary text ties transaction transform trigger truncate trusted type types uescape unbounded uncommitted unconditional unencrypted unknown unlisten unlogged until update vacuum valid validate validator value varying version view views virtual volatile whitespace within without work wrapper write xml year yes zone'

/** A sample of the other classes. */
const reserved = 'all user select when authorization left values time coalesce json_table system_user'

test('the grammar agrees on what is reserved', () => {
  const kinds = (word: string) => (scanSync(word) as { tokens: { keywordName: string }[] }).tokens[0]?.keywordName
  for (const word of unreserved.split(' ')) expect([word, kinds(word)]).toEqual([word, 'UNRESERVED_KEYWORD'])
  for (const word of reserved.split(' ')) expect([word, kinds(word)]).not.toEqual([word, 'UNRESERVED_KEYWORD'])
  expect(unreserved.split(' ').filter(isKeyword)).toEqual([])
  expect(reserved.split(' ').filter((w) => !isKeyword(w))).toEqual([])
})

const shapes = [
  (w: string) => `select ${w}, - ${w} from t where not ${w} order by ${w} nulls last`,
  (w: string) => `select ${w}.a from ${w}`,
  (w: string) => `with ${w} as (select 1), b as not materialized (select ${w} from ${w}) select * from ${w}`,
  (w: string) => `select a as ${w} from t as ${w} left join u as v on v.${w} = ${w}.${w} group by ${w}`,
  (w: string) => `select case when ${w} then ${w} else ${w} end, ${w}::float8 from a.${w}`,
  (w: string) => `create view ${w} (${w}) as select row_number() over (partition by ${w} order by ${w}) from t`,
]

test('every word, as quoteIdentifier writes it, is the same name wherever a name can stand', () => {
  const names = (sql: string, word: string) => JSON.stringify(parseSync(sql)).split(`:"${word}"`).length
  for (const word of `${unreserved} ${reserved}`.split(' ')) {
    for (const shape of shapes) {
      expect([word, names(shape(quoteIdentifier(word)), word)]).toEqual([word, names(shape('"zz"'), 'zz')])
    }
  }
})
