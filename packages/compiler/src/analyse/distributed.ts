/**
 * Shapes that a distributed PostgreSQL (Citus) refuses, or answers by collecting rows on one machine. Found in the syntax
 * alone: which tables are distributed, and on what, is not known here.
 */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { locate } from '../diagnostics/locate.ts'
import { isAggregate } from '../front/sql/functions.ts'
import { characterOffsets, type Node, parseSelect, type Speaker } from '../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, number, text as str, walk } from '../front/sql/tree.ts'
import { type Equality, equalities, holdsColumn } from './join-equalities.ts'

/** What a text is held to. Generated text has every rule; a user's is theirs, and only costly shapes are named. */
export interface ShapeRules {
  readonly generated: boolean
  /** Names the distribution key has in the text. */
  readonly keys: ReadonlySet<string>
  /** Stages not looked at. */
  readonly skip?: ReadonlySet<string>
}

/** Where a SELECT stands: LIMIT is harmless at the very end, inside LATERAL, and where a value is expected. */
type Place = 'statement' | 'stage' | 'lateral' | 'value'

interface Finding {
  readonly problem: string
  readonly hint: string
  readonly node: Node | undefined
}

/**
 * The rules broken by a generated query, each with its place; none for text of the dialect `citus` over views that keep them.
 *
 * Rules: every CTE NOT MATERIALIZED; LIMIT and OFFSET at the end or inside LATERAL only; no DISTINCT ON, UNION, GROUPING SETS
 * or recursion; no clock but one scalar `(SELECT now())`, nothing volatile; keys carried and joined bare, with `=`; windows
 * within a key; questions anchored on a relation.
 *
 * @param skip stages that hold a user's own text, which are not looked at.
 *
 * ```ts
 * distributedProblems('WITH v AS (SELECT k FROM t) SELECT v.k FROM v') // compile/distributed: reads stage "v" without NOT MATERIALIZED
 * ```
 */
export function distributedProblems(sql: string, skip: ReadonlySet<string> = new Set()): Diagnostic[] {
  const speaker = { view: 'the query', file: 'generated.sql' }
  const select = parseSelect(sql, speaker)
  return shapeProblems(select, sql, speaker, { generated: true, keys: joinedOn(select), skip })
}

/** The problems of a parsed text as warnings `compile/distributed` that name the view and the place. */
export function shapeProblems(select: Node, sql: string, speaker: Speaker, rules: ShapeRules): Diagnostic[] {
  const at = characterOffsets(sql)
  const scan = new Scan(rules)
  scan.select(select, rules.generated ? 'statement' : 'stage')
  return scan.found.map(({ problem, hint, node }) =>
    diagnostic(
      'compile/distributed',
      { view: speaker.view, problem, hint },
      locate(speaker.file, sql, at(placeOf(node))),
    ),
  )
}

/** Columns the features are joined to the questions on: the keys, as far as a generated text tells. */
function joinedOn(select: Node): ReadonlySet<string> {
  const ctes = list(child(select, 'withClause'), 'ctes').map((c) => child(c, 'CommonTableExpr'))
  const features = child(
    child(
      ctes.find((c) => c?.ctename === '_features'),
      'ctequery',
    ),
    'SelectStmt',
  )
  const names = [select, features]
    .flatMap((s) => list(s, 'fromClause').flatMap(joinsOf))
    .flatMap((j) => equalities(child(j, 'quals')))
  return new Set(names.flatMap((e) => (e.columns && e.columns[0] !== 'as_of' ? e.columns : [])))
}

const joinsOf = (item: Node): Node[] => {
  const join = child(item, 'JoinExpr')
  return join ? [join, ...joinsOf(child(join, 'larg') ?? {}), ...joinsOf(child(join, 'rarg') ?? {})] : []
}

class Scan {
  readonly found: Finding[] = []
  /** Stages of one row: a SELECT without FROM. */
  private readonly rows = new Set<string>()
  /** Stages of constants: every machine has them, as long as they are looked up from rows it holds. */
  private readonly lists = new Set<string>()
  private keys: ReadonlySet<string>
  private readonly rules: ShapeRules

  constructor(rules: ShapeRules) {
    this.rules = rules
    this.keys = rules.keys
  }

  private add(problem: string, hint: string, node: Node | undefined): void {
    this.found.push({ problem, hint, node })
  }

  select(select: Node, place: Place): void {
    this.stages(select)
    if (isSetOperation(select)) {
      if (place === 'statement' || place === 'stage') {
        const arms = 'Both arms are collected on one machine; aggregate each in a view of its own.'
        this.add('combines rows with UNION, INTERSECT or EXCEPT', arms, select)
      }
      for (const arm of ['larg', 'rarg']) this.select(child(select, arm) ?? {}, place === 'statement' ? 'stage' : place)
      return
    }
    this.clauses(select, place)
    const grouped = list(select, 'groupClause').some((g) => this.isKey(g))
    const from = list(select, 'fromClause')
    this.anchored(from, place)
    if (from.length > 1) this.listed(select, grouped, place)
    for (const item of from) this.source(item, place, grouped)
    this.keysBare(select, place)
    for (const clause of ['targetList', 'whereClause', 'groupClause', 'havingClause', 'windowClause', 'sortClause']) {
      this.expression(select[clause])
    }
  }

  private stages(select: Node): void {
    const withClause = child(select, 'withClause')
    if (!withClause) return
    if (withClause.recursive === true)
      this.add('uses WITH RECURSIVE', 'It is refused over distributed tables.', withClause)
    for (const item of list(withClause, 'ctes')) {
      const cte = child(item, 'CommonTableExpr') as Node
      const name = str(cte, 'ctename') ?? ''
      const query = child(child(cte, 'ctequery'), 'SelectStmt') ?? {}
      const mark = str(cte, 'ctematerialized')
      const collected =
        mark === 'CTEMaterializeAlways' || (mark !== 'CTEMaterializeNever' && timesRead(select, name) > 1)
      if (mark !== 'CTEMaterializeNever' && (this.rules.generated || collected)) {
        const why = 'A stage that is kept is collected on one machine and sent back to all.'
        this.add(`reads stage "${name}" without NOT MATERIALIZED`, why, cte)
      }
      if (isOneRow(query)) this.rows.add(name)
      if (this.rules.generated && isList(query)) this.lists.add(name)
      else if (!this.rules.skip?.has(name)) this.select(query, 'stage')
    }
  }

  private clauses(select: Node, place: Place): void {
    const limit = child(select, 'limitCount') ?? child(select, 'limitOffset')
    if (limit && place === 'stage') {
      const why = 'It is answered on one machine; put it into LATERAL, or filter by a hash of the key.'
      this.add('has LIMIT or OFFSET outside LATERAL', why, limit)
    }
    const distinct = list(select, 'distinctClause').filter((d) => Object.keys(d).length > 0)
    if (distinct.length > 0 && this.rules.generated && place !== 'lateral') {
      this.add('uses DISTINCT ON', 'It leaves a sort on one machine; take the first by row_number().', distinct[0])
    }
    for (const g of list(select, 'groupClause')) {
      if (g.GroupingSet !== undefined) {
        this.add('uses GROUPING SETS', 'They are refused over distributed tables; write a view for each.', g)
      }
    }
  }

  /** Questions that come from nowhere cannot be sent to the machine that holds their key. */
  private anchored(from: readonly Node[], place: Place): void {
    if (from.length === 0 || place === 'lateral' || place === 'value') return
    const leaves = from.flatMap(leavesOf)
    const isConstant = (l: Node) => isFree(l) || this.lists.has(str(child(l, 'RangeVar'), 'relname') ?? '')
    const free = leaves.filter(isConstant)
    const anchors = leaves.filter((l) => !isConstant(l) && !this.rows.has(str(child(l, 'RangeVar'), 'relname') ?? ''))
    if (free.length > 0 && anchors.length === 0) {
      const how = 'Join them to the table that lists the keys: FROM places AS e JOIN (VALUES …) AS k ON k.key = e.key.'
      this.add('reads values that are not anchored on a table', how, free[0])
    }
  }

  /** `FROM a, b WHERE …`. */
  private listed(select: Node, grouped: boolean, place: Place): void {
    const plain = list(select, 'fromClause').filter((f) => f.RangeVar !== undefined)
    if (plain.length < 2) return
    this.inner(equalities(child(select, 'whereClause')), plain[1] as Node, grouped, place)
  }

  private source(item: Node, place: Place, grouped: boolean): void {
    const sub = child(item, 'RangeSubselect')
    if (sub) {
      const inner = child(child(sub, 'subquery'), 'SelectStmt') ?? {}
      if (inner.valuesLists === undefined)
        this.select(inner, sub.lateral === true || place === 'lateral' ? 'lateral' : 'stage')
      return
    }
    const fn = child(item, 'RangeFunction')
    if (fn) this.expression(fn.functions)
    const join = child(item, 'JoinExpr')
    if (!join) return
    this.join(join, place, grouped)
    this.expression(join.quals)
    for (const side of ['larg', 'rarg']) this.source(child(join, side) ?? {}, place, grouped)
  }

  private join(join: Node, place: Place, grouped: boolean): void {
    const right = child(join, 'rarg') ?? {}
    const lateral = child(right, 'RangeSubselect')?.lateral === true || right.RangeFunction !== undefined
    if (lateral) return
    const one = child(right, 'RangeVar')
    if (one && this.rows.has(str(one, 'relname') ?? '')) return
    if (one && this.lists.has(str(one, 'relname') ?? '') && str(join, 'jointype') === 'JOIN_LEFT') return
    const using = nameParts(list(join, 'usingClause')).map((name): Equality => ({ columns: [name, name] }))
    const equal = [...using, ...equalities(child(join, 'quals'))]
    if (this.rules.generated) {
      const expression = equal.find((e) => e.columns === undefined && e.mixed)
      const bare = equal.some((e) => e.columns && e.columns[0] !== 'as_of')
      if (expression || !bare) this.notOnKey(join)
      return
    }
    if (str(join, 'jointype') === 'JOIN_INNER') this.inner(equal, join, grouped, place)
  }

  private inner(equal: readonly Equality[], node: Node, grouped: boolean, place: Place): void {
    if (grouped || place === 'lateral' || place === 'value') return
    if (equal.some((e) => e.columns?.every((c) => this.keys.has(c)))) return
    this.notOnKey(node)
  }

  private notOnKey(node: Node): void {
    const how =
      'Two distributed tables join on the bare key, with =; a lookup joins by LEFT JOIN, or in a view that is grouped by the key.'
    this.add('joins rows without an equality of bare key columns', how, child(node, 'rarg') ?? node)
  }

  /** A key that is computed is no longer the column the table is distributed on. */
  private keysBare(select: Node, place: Place): void {
    if (place !== 'stage' || list(select, 'fromClause').length === 0) return
    for (const item of list(select, 'targetList')) {
      const target = child(item, 'ResTarget')
      const value = child(target, 'val')
      const name = str(target, 'name')
      if (name !== undefined && this.keys.has(name) && value && value.ColumnRef === undefined && holdsColumn(value)) {
        this.add(`computes the key "${name}"`, 'Carry the column itself, with the type it has in its table.', target)
      }
    }
  }

  private isKey(node: Node): boolean {
    return this.keys.has(nameParts(list(child(node, 'ColumnRef'), 'fields')).at(-1) ?? '')
  }

  private expression(value: unknown): void {
    walk(value, (type, node) => {
      if (type === 'SubLink') {
        const inner = child(child(node, 'subselect'), 'SelectStmt') ?? {}
        // One value for the whole statement, whatever it reads.
        if (list(inner, 'fromClause').length > 0) this.select(inner, 'value')
        this.expression(node.testexpr)
        return false
      }
      if (type === 'SelectStmt') {
        this.select(node, 'value')
        return false
      }
      if (type === 'FuncCall' || type === 'SQLValueFunction') this.call(type, node)
      const over = type === 'WindowDef' ? node : type === 'FuncCall' ? child(node, 'over') : undefined
      if (over) this.window(over)
      return undefined
    })
  }

  private call(type: string, node: Node): void {
    // Users' texts are told so by sql/clock and sql/volatile.
    if (!this.rules.generated) return
    const name = nameParts(list(node, 'funcname')).at(-1) ?? ''
    const clock = type === 'SQLValueFunction' && /DATE|TIME/.test(str(node, 'op') ?? '')
    if (!clock && !unrepeatable.has(name)) return
    const what = clock ? 'reads the clock' : `calls ${name}()`
    this.add(what, 'Each machine has a clock of its own; ask for an instant, or once: (SELECT now()).', node)
  }

  private window(over: Node): void {
    if (
      over.refname !== undefined ||
      (over.name !== undefined && over.partitionClause === undefined && !over.orderClause)
    ) {
      return
    }
    if (this.keys.size === 0 || list(over, 'partitionClause').some((p) => this.isKey(p))) return
    this.add('has a window that is not within a key', 'Its rows go to one machine; partition by the key.', over)
  }
}

const unrepeatable: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'clock_timestamp',
  'timeofday',
  'random',
  'gen_random_uuid',
  'nextval',
])

const leavesOf = (item: Node): Node[] => {
  const join = child(item, 'JoinExpr')
  return join ? [...leavesOf(child(join, 'larg') ?? {}), ...leavesOf(child(join, 'rarg') ?? {})] : [item]
}

/** VALUES, or a function over nothing that is distributed. */
const isFree = (leaf: Node): boolean =>
  leaf.RangeFunction !== undefined ||
  child(child(child(leaf, 'RangeSubselect'), 'subquery'), 'SelectStmt')?.valuesLists !== undefined

/** `SELECT … FROM (VALUES …)`, and nothing else. */
function isList(query: Node): boolean {
  const [only, ...more] = list(query, 'fromClause')
  return only !== undefined && more.length === 0 && only.RangeSubselect !== undefined && isFree(only)
}

function timesRead(select: Node, name: string): number {
  let count = 0
  walk(select, (type, node) => {
    if (type === 'RangeVar' && node.relname === name && node.schemaname === undefined) count++
    return undefined
  })
  return count
}

/** The first place the grammar gives in a node. */
function placeOf(node: unknown): number {
  if (node === null || typeof node !== 'object') return 0
  const own = number(node as Node, 'location')
  if (own !== undefined && own >= 0) return own
  for (const inner of Object.values(node)) {
    const below = typeof inner === 'object' ? placeOf(inner) : 0
    if (below > 0) return below
  }
  return 0
}

/** A SELECT of constants, or of aggregates over all rows: small enough to be sent to every machine. */
function isOneRow(query: Node): boolean {
  if (isSetOperation(query) || query.valuesLists !== undefined || list(query, 'groupClause').length > 0) return false
  if (list(query, 'fromClause').length === 0) return true
  let aggregates = false
  walk(list(query, 'targetList'), (type, node) => {
    if (type === 'FuncCall' && isAggregate(node)) aggregates = true
    return type === 'SelectStmt' ? false : undefined
  })
  return aggregates
}
