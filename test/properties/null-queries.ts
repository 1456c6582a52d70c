/** Random queries over small tables full of NULLs: every way a NULL comes into a result, and every way it is kept out. */
import fc from 'fast-check'

type Type = 'int' | 'text' | 'bool' | 'other'
interface Column {
  readonly sql: string
  readonly type: Type
}
interface Query {
  readonly sql: string
  readonly types: readonly Type[]
}

/** Tables or views with their columns. */
export interface Relation {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: Type }[]
}

export const tables: readonly Relation[] = [0, 1, 2].map((i) => ({
  name: `t${i}`,
  columns: [
    { name: 'id', type: 'int' },
    { name: 'k', type: 'int' },
    { name: `a${i}`, type: 'int' },
    { name: `b${i}`, type: 'text' },
    { name: `c${i}`, type: 'int' },
    { name: `d${i}`, type: 'bool' },
  ],
}))

export const createTables: string = tables
  .map(
    (_, i) =>
      `CREATE TABLE t${i} (id int NOT NULL, k int, a${i} int, b${i} text NOT NULL, c${i} int, d${i} bool NOT NULL)`,
  )
  .join(';\n')

/** None to three rows a table, so that joins often find no partner and groups are often empty. */
export const rows: fc.Arbitrary<string> = fc
  .tuple(
    ...tables.map((t) => {
      const small = fc.integer({ min: 0, max: 2 }).map(String)
      const maybe = fc.oneof(small, fc.constant('NULL'))
      const row = fc.tuple(
        small,
        maybe,
        maybe,
        fc.constantFrom("''", "'x'", "'yy'"),
        maybe,
        fc.constantFrom('true', 'false'),
      )
      return fc
        .array(row, { maxLength: 3 })
        .map((all) =>
          all.length === 0 ? '' : `;\nINSERT INTO ${t.name} VALUES ${all.map((r) => `(${r.join(', ')})`).join(', ')}`,
        )
    }),
  )
  .map((inserts) => `TRUNCATE t0, t1, t2${inserts.join('')}`)

/** A number below `n`. */
type Draw = (n: number) => number

/** A query over `relations`, with names of columns `c0`, `c1`…; `draw` decides. */
export function randomQuery(draw: Draw, relations: readonly Relation[]): Query {
  let names = 0
  const fresh = (): string => `q${names++}`
  const one = <T>(all: readonly T[]): T => all[draw(all.length)] as T
  const chance = (percent: number): boolean => draw(100) < percent
  const some = (least: number, most: number): number => least + draw(most - least + 1)

  function query(depth: number, outer: readonly Column[], wanted?: readonly Type[]): Query {
    const form = depth <= 0 ? 0 : draw(12)
    if (form === 1) return setOperation(depth, outer, wanted)
    if (form === 2) return values(wanted)
    if (form === 3) return withCte(depth, outer, wanted)
    if (form <= 6 && wanted === undefined) return grouped(depth, outer)
    return plain(depth, outer, wanted)
  }

  const listed = (columns: readonly Column[]): Query => ({
    sql: columns.map((c, i) => `${c.sql} AS c${i}`).join(', '),
    types: columns.map((c) => c.type),
  })

  function plain(depth: number, outer: readonly Column[], wanted?: readonly Type[]): Query {
    const { sql: from, columns } = fromClause(depth, outer)
    const all = [...columns, ...outer]
    const items = (wanted ?? Array.from({ length: some(1, 4) }, () => one(['int', 'text', 'bool'] as const))).map(
      (type): Column => (chance(20) ? windowed(type, all, depth) : { sql: expression(type, all, depth), type }),
    )
    const list = listed(items)
    const where = chance(60) ? ` WHERE ${condition(all, depth)}` : ''
    const distinct = chance(10) ? 'DISTINCT ' : chance(10) ? `DISTINCT ON (${one(columns).sql}) ` : ''
    return { sql: `SELECT ${distinct}${list.sql} FROM ${from}${where}`, types: list.types }
  }

  function windowed(type: Type, columns: readonly Column[], depth: number): Column {
    if (type === 'bool' || type === 'other') return { sql: expression(type, columns, depth), type }
    const value = expression(type, columns, depth - 1)
    const partition = chance(50) ? `PARTITION BY ${one(columns).sql} ` : ''
    const order = `ORDER BY ${one(columns).sql}`
    const frame = one([
      '',
      ' ROWS BETWEEN 1 PRECEDING AND CURRENT ROW',
      ' ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING',
      ' ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
      ' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW',
    ])
    const calls = [
      `lag(${value})`,
      `lead(${value}, 1, ${value})`,
      `first_value(${value})`,
      `last_value(${value})`,
      `nth_value(${value}, 2)`,
      `max(${value})`,
      `min(${value}) FILTER (WHERE ${condition(columns, 0)})`,
    ]
    const call =
      type === 'int' && chance(40) ? one(['row_number()::int', 'rank()::int', 'ntile(2)', 'count(*)::int']) : one(calls)
    const [name, cast] = call.endsWith('::int') ? [call.slice(0, -5), '::int'] : [call, '']
    return { sql: `(${name} OVER (${partition}${order}${frame}))${cast}`, type }
  }

  function grouped(depth: number, outer: readonly Column[]): Query {
    const { sql: from, columns } = fromClause(depth, outer)
    const keys = Array.from({ length: some(0, 2) }, (): Column => {
      const known = columns.filter((x) => x.type !== 'other')
      const c = known.length === 0 ? { sql: 'length(upper($$$$))', type: 'int' as const } : one(known)
      if (c.type === 'int') return { sql: one([c.sql, `coalesce(${c.sql}, 7)`, `(${c.sql} + 1)`]), type: 'int' }
      return c.type === 'text' ? { sql: one([c.sql, `upper(${c.sql})`]), type: 'text' } : c
    })
    const list = keys.map((k) => k.sql).join(', ')
    const by =
      keys.length === 0
        ? one(['', '', ' GROUP BY ()'])
        : ` GROUP BY ${one([list, list, list, `ROLLUP (${list})`, `CUBE (${list})`, `GROUPING SETS ((${keys[0]?.sql}), ())`])}`
    const sets = by.includes('GROUPING') ? keys.slice(0, 1) : keys
    const over = (): Column => one([...sets, aggregate(columns, depth), aggregate(columns, depth)])
    const items = Array.from({ length: some(1, 4) }, (): Column => {
      const c = over()
      if (c.type !== 'int') return c
      const other = over()
      return one([
        c,
        { sql: `coalesce(${c.sql}, 0)`, type: 'int' as const },
        { sql: `(${c.sql} IS NULL)`, type: 'bool' as const },
        { sql: `CASE WHEN ${c.sql} IS NULL THEN 1 ELSE ${c.sql} END`, type: 'int' as const },
        ...(other.type === 'int' ? [{ sql: `(${c.sql} + ${other.sql})`, type: 'int' as const }] : []),
      ])
    })
    const where = chance(40) ? ` WHERE ${condition([...columns, ...outer], depth)}` : ''
    const having = chance(15) ? ` HAVING count(*) ${one(['> 0', '< 2', '= 0'])}` : ''
    const select = listed(items)
    return { sql: `SELECT ${select.sql} FROM ${from}${where}${by}${having}`, types: select.types }
  }

  function aggregate(columns: readonly Column[], depth: number): Column {
    const int = expression('int', columns, 0)
    const filter = chance(25) ? ` FILTER (WHERE ${condition(columns, depth > 1 ? 1 : 0)})` : ''
    const [call, type] = one<readonly [string, Type]>([
      ['count(*)', 'int'],
      [`count(${int})`, 'int'],
      [`sum(${int})`, 'int'],
      [`max(${int})`, 'int'],
      [`min(${expression('text', columns, 0)})`, 'text'],
      [`avg(${int})`, 'other'],
      [`stddev(${int})`, 'other'],
      [`array_agg(${int})`, 'other'],
      [`bool_and(${condition(columns, 0)})`, 'bool'],
      [`string_agg(${expression('text', columns, 0)}, ${expression('text', columns, 0)})`, 'text'],
    ])
    return { sql: type === 'int' ? `(${call}${filter})::int` : `${call}${filter}`, type }
  }

  function setOperation(depth: number, outer: readonly Column[], wanted?: readonly Type[]): Query {
    const types = wanted ?? Array.from({ length: some(1, 3) }, () => one(['int', 'text', 'bool'] as const))
    const operation = one(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL'])
    const [left, right] = [query(depth - 1, outer, types), query(depth - 1, outer, types)]
    return { sql: `(${left.sql}) ${operation} (${right.sql})`, types }
  }

  function values(wanted?: readonly Type[]): Query {
    const types = wanted ?? Array.from({ length: some(1, 3) }, () => one(['int', 'text'] as const))
    const row = () => `(${types.map((t) => literal(t)).join(', ')})`
    const names = types.map((_, i) => `c${i}`).join(', ')
    return {
      sql: `SELECT * FROM (VALUES ${Array.from({ length: some(1, 3) }, row).join(', ')}) AS ${fresh()} (${names})`,
      types,
    }
  }

  function withCte(depth: number, outer: readonly Column[], wanted?: readonly Type[]): Query {
    const name = fresh()
    const inner = query(depth - 1, outer)
    const alias = fresh()
    const columns = inner.types.map((type, i): Column => ({ sql: `${alias}.c${i}`, type }))
    const items = (wanted ?? inner.types.filter((t) => t !== 'other')).map(
      (type): Column => ({ sql: expression(type, [...columns, ...outer], 1), type }),
    )
    const list = items.length === 0 ? listed([{ sql: '1', type: 'int' }]) : listed(items)
    return { sql: `WITH ${name} AS (${inner.sql}) SELECT ${list.sql} FROM ${name} AS ${alias}`, types: list.types }
  }

  function fromClause(depth: number, outer: readonly Column[]): { sql: string; columns: readonly Column[] } {
    const first = fromItem(depth, outer)
    if (!chance(25)) return first
    const second = fromItem(depth - 1, outer)
    return { sql: `${first.sql}, ${second.sql}`, columns: [...first.columns, ...second.columns] }
  }

  function fromItem(depth: number, outer: readonly Column[]): { sql: string; columns: readonly Column[] } {
    const form = depth <= 0 ? 0 : draw(10)
    if (form === 1 || form === 2) {
      const inner = query(depth - 1, outer)
      const alias = fresh()
      return {
        sql: `(${inner.sql}) AS ${alias}`,
        columns: inner.types.map((type, i) => ({ sql: `${alias}.c${i}`, type })),
      }
    }
    if (form === 3) return shared()
    if (form === 4) {
      const left = fromItem(depth - 1, outer)
      const alias = fresh()
      const inner = query(depth - 1, [...left.columns, ...outer])
      const right = inner.types.map((type, i): Column => ({ sql: `${alias}.c${i}`, type }))
      const join = one(['CROSS JOIN LATERAL', 'LEFT JOIN LATERAL'])
      const on = join.startsWith('LEFT') ? ` ON ${condition([...left.columns, ...right], 0)}` : ''
      return { sql: `${left.sql} ${join} (${inner.sql}) AS ${alias}${on}`, columns: [...left.columns, ...right] }
    }
    if (form >= 5) {
      const [left, right] = [fromItem(depth - 1, outer), fromItem(depth - 1, outer)]
      const columns = [...left.columns, ...right.columns]
      const [a, b] = [left, right].map((s) => s.columns.filter((c) => c.type === 'int'))
      const [x, y] = [a ?? [], b ?? []]
      const full = x.length > 0 && y.length > 0
      const join = one(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', ...(full ? ['FULL JOIN'] : [])])
      const on = join === 'FULL JOIN' ? `${one(x).sql} = ${one(y).sql}` : condition(columns, 1)
      return { sql: `(${left.sql} ${join} ${right.sql} ON ${on})`, columns }
    }
    const relation = one(relations)
    const alias = fresh()
    return {
      sql: `${relation.name} AS ${alias}`,
      columns: relation.columns.map((c) => ({ sql: `${alias}.${c.name}`, type: c.type })),
    }
  }

  /** Two tables over columns of one name. */
  function shared(): { sql: string; columns: readonly Column[] } {
    const i = draw(3)
    const [left, right] = [tables[i], tables[(i + 1) % 3]] as [Relation, Relation]
    const kind = one(['', 'LEFT ', 'RIGHT ', 'FULL '])
    const natural = chance(40)
    const join = natural ? `NATURAL ${kind}JOIN ${right.name}` : `${kind}JOIN ${right.name} USING (${one(['id', 'k'])})`
    const alias = fresh()
    const own = [...left.columns, ...right.columns].filter((c) => !['id', 'k'].includes(c.name))
    const using = natural ? ['id', 'k'] : [/\((\w+)\)/.exec(join)?.[1] ?? '']
    const list = [...using, ...own.map((c) => c.name), `${left.name}.id AS left_id`, `${right.name}.k AS right_k`]
    const columns = [...using, ...own.map((c) => c.name), 'left_id', 'right_k'].map((name): Column => {
      const type = own.find((c) => c.name === name)?.type ?? 'int'
      return { sql: `${alias}.${name}`, type }
    })
    return { sql: `(SELECT ${list.join(', ')} FROM ${left.name} ${join}) AS ${alias}`, columns }
  }

  function literal(type: Type): string {
    if (type === 'int') return one(['0', '1', '2', 'NULL::int'])
    if (type === 'text') return one(["'x'::text", "''::text", 'NULL::text'])
    return one(['true', 'false', 'NULL::bool'])
  }

  function expression(type: Type, columns: readonly Column[], depth: number): string {
    const fitting = columns.filter((c) => c.type === type)
    if (fitting.length > 0 && (depth <= 0 ? chance(85) : chance(35))) return one(fitting).sql
    if (depth <= 0) return literal(type)
    const again = (t: Type = type) => expression(t, columns, depth - 1)
    const when = () => condition(columns, depth - 1)
    const general = [
      () => `coalesce(${again()}, ${again()})`,
      () => `nullif(${again()}, ${again()})`,
      () => `CASE WHEN ${when()} THEN ${again()} ELSE ${again()} END`,
      () => `CASE WHEN ${when()} THEN ${again()} WHEN ${when()} THEN ${again()} END`,
      () => `CASE ${again('int')} WHEN 1 THEN ${again()} ELSE ${again()} END`,
      () => caseOn(type, columns, depth),
    ]
    if (type === 'int') {
      return one([
        ...general,
        () => `(${again()} ${one(['+', '-', '*'])} ${again()})`,
        () => `(- ${again()})`,
        () => `greatest(${again()}, ${again()})`,
        () => `least(${again()}, ${again()})`,
        () => `length(${again('text')})`,
        () => `abs(${again()})::int`,
        () => scalar(columns, depth),
      ])()
    }
    if (type === 'text') {
      return one([
        ...general,
        () => `(${again()} || ${again()})`,
        () => `upper(${again()})`,
        () => `concat(${again()}, ${again()})`,
        () => `(${again('int')})::text`,
        () => `left(${again()}, 1)`,
      ])()
    }
    return when()
  }

  /** A CASE that asks for NULL what it then returns. */
  function caseOn(type: Type, columns: readonly Column[], depth: number): string {
    const found = columns.filter((c) => c.type === type)
    if (found.length === 0) return literal(type)
    const { sql } = one(found)
    const other = expression(type, columns, depth - 1)
    return one([
      `CASE WHEN ${sql} IS NULL THEN ${other} ELSE ${sql} END`,
      `CASE WHEN ${sql} IS NOT NULL AND ${condition(columns, 0)} THEN ${sql} ELSE ${other} END`,
      `CASE WHEN ${sql} = ${sql} THEN ${sql} ELSE ${other} END`,
    ])
  }

  function scalar(columns: readonly Column[], depth: number): string {
    const inner = fromItem(Math.min(depth - 1, 1), columns)
    const own = inner.columns.filter((c) => c.type === 'int')
    const value = own.length === 0 ? undefined : one(own).sql
    const where = ` WHERE ${condition([...inner.columns, ...columns], 0)}`
    if (value === undefined) return `(SELECT count(*)::int FROM ${inner.sql}${where})`
    return one([
      `(SELECT count(${value})::int FROM ${inner.sql}${where})`,
      `(SELECT max(${value}) FROM ${inner.sql}${where})`,
      `(SELECT coalesce(sum(${value}), 0)::int FROM ${inner.sql}${where})`,
      `(SELECT ${value} FROM ${inner.sql}${where} LIMIT 1)`,
      `(SELECT count(*)::int FROM ${inner.sql}${where} GROUP BY ${value} LIMIT 1)`,
      `(SELECT count(*)::int FROM ${inner.sql}${where} HAVING count(*) > 1)`,
    ])
  }

  function condition(columns: readonly Column[], depth: number): string {
    const e = (t: Type, d = depth - 1) => expression(t, columns, d)
    const simple = [
      () => `${e('int')} ${one(['=', '<>', '<', '>='])} ${e('int')}`,
      () => `${e('text')} = ${e('text')}`,
      () => `${e('int')} IS NULL`,
      () => `${e('int')} IS NOT NULL`,
      () => `${e('text')} IS NOT NULL`,
      () => `${e('int')} IN (${e('int')}, ${e('int')})`,
      () => `${e('int')} NOT IN (0, ${e('int')})`,
      () => `${e('int')} BETWEEN ${e('int')} AND ${e('int')}`,
      () => `${e('int')} = ANY (ARRAY[${e('int')}, ${e('int')}])`,
      () => `${e('int')} <> ALL (ARRAY[${e('int')}, ${e('int')}])`,
      () => `${e('int')} IS DISTINCT FROM ${e('int')}`,
      () => `${e('text')} LIKE ${e('text')}`,
      () => `(${e('int')}, ${e('text')}) = (${e('int')}, ${e('text')})`,
      () => 'true',
    ]
    if (depth <= 0) return `(${one(simple)()})`
    const c = () => condition(columns, depth - 1)
    const inner = () => {
      const item = fromItem(0, columns)
      return { ...item, where: ` WHERE ${condition([...item.columns, ...columns], 0)}` }
    }
    return `(${one([
      ...simple,
      () => `${c()} AND ${c()}`,
      () => `${c()} AND ${c()}`,
      () => `${c()} OR ${c()}`,
      () => `NOT ${c()}`,
      () => `${c()} ${one(['IS TRUE', 'IS NOT TRUE', 'IS FALSE', 'IS NOT FALSE', 'IS UNKNOWN', 'IS NOT UNKNOWN'])}`,
      () => {
        const i = inner()
        return `EXISTS (SELECT 1 FROM ${i.sql}${i.where})`
      },
      () => {
        const i = inner()
        const own = i.columns.find((x) => x.type === 'int')
        return own ? `${e('int')} ${one(['', 'NOT '])}IN (SELECT ${own.sql} FROM ${i.sql}${i.where})` : 'true'
      },
    ])()})`
  }

  return query(some(1, 3), [])
}
