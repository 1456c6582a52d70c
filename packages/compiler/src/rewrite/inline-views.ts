/** Every database view a stage reads becomes a stage of its own, down to base tables; one used twice becomes one. */
import { fail } from '../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { pruneEdits } from '../front/sql/prune.ts'
import { referenceKey, splice } from '../front/sql/splice.ts'
import { starEdits } from '../front/sql/star.ts'
import { type Catalog, type CatalogRelation, findRelation, relationsNamed } from '../ir/catalog.ts'
import type { Opaque, Relation, Stage } from '../ir/relation.ts'
import { onOpaques, opaquesIn } from './on-opaques.ts'
import type { ReservedNames, StageNames } from './stage-names.ts'

type View = CatalogRelation & { readonly definition: string }
type Targets = Record<string, Opaque['targets'][string]>

/**
 * Stages with the views they read put before them; without `share` once per reader. In users' texts stars are written
 * out, columns nobody keeps are cut, and relations get their schema where their name alone could mean another.
 *
 * `columns` of a view that others read are not pruned.
 *
 * Errors: `view/cycle`, for a relation an entity names; the other texts the server has seen, and refused, before.
 */
export function inlineViews(stages: readonly Stage[], catalog: Catalog, names: StageNames, share = true): Stage[] {
  const out: Stage[] = []
  const inlined = new Map<string, string>()
  const own = share ? declaredViews(stages, catalog) : nothingShared
  const emitted = new Set<Stage>()
  const spines = new Map(stages.map((s) => [s.name, s.relation]))

  const view = (v: View, path: readonly string[], alone: boolean): string => {
    const id = idOf(v)
    if (path.includes(id)) fail('view/cycle', { path: [...path.slice(path.indexOf(id)), id].join(' → ') })
    const declared = alone ? undefined : own.stages.get(id)
    if (declared) {
      emit(declared)
      return declared.name
    }
    const known = share && !alone ? inlined.get(id) : undefined
    if (known !== undefined) return known
    const origin: Opaque['origin'] = { kind: 'relation', relation: { schema: v.schema, name: v.name } }
    const text: Opaque = { kind: 'opaque', text: v.definition, origin, view: `view "${v.name}"`, targets: {} }
    const inner = opaque(text, [...path, id], alone)
    const name = names.take(v.name, true)
    if (!alone) inlined.set(id, name)
    out.push({ name, relation: inner })
    return name
  }
  const opaque = (given: Opaque, path: readonly string[] = [], alone = false): Opaque => {
    const o = written(given, catalog, spines)
    const targets: Targets = { ...o.targets }
    for (const r of sqlFacts(o.text, { view: o.view, file: o.view }).references) {
      const key = referenceKey(r)
      if (Object.hasOwn(targets, key)) continue
      const relation = findRelation(catalog, r.name, r.schema)
      if (!relation) continue
      if (isView(relation)) {
        if (r.sampled) continue
        targets[key] = view(relation, path, alone)
        // Columns may be written with the schema where the relation is not.
        targets[referenceKey(relation)] = targets[key]
      } else if (r.schema === undefined && ambiguous(relation, catalog)) {
        targets[key] = { schema: relation.schema, name: relation.name }
      }
    }
    return { ...o, targets }
  }
  // A LATERAL finds its rows by the index of a table, which a stage read twice would hide.
  const relation = (r: Relation): Relation =>
    onOpaques(r, (o, inLateral) => (inLateral ? opaque(o, [], true) : opaque(own.throughView(o))))
  const emit = (stage: Stage): void => {
    if (emitted.has(stage)) return
    emitted.add(stage)
    if (stage.relation.kind === 'opaque' && own.stages.get(originId(stage.relation, catalog) ?? '') === stage) {
      const { keep: _, ...whole } = stage.relation
      const inner = opaque(whole, [originId(stage.relation, catalog) ?? ''])
      out.push({ ...stage, relation: inner })
      return
    }
    const inner = relation(stage.relation)
    out.push({ ...stage, relation: inner })
  }
  for (const stage of stages) emit(stage)
  return out
}

const idOf = (r: CatalogRelation): string => quoteName({ schema: r.schema, name: r.name })

const isView = (r: CatalogRelation | undefined): r is View => r?.kind === 'view' && r.definition !== undefined

/** In another session the search path may lead elsewhere. */
const ambiguous = (relation: CatalogRelation, catalog: Catalog): boolean =>
  relation.schema !== 'public' || relationsNamed(catalog, relation.name).length > 1

/** A user's text with stars written out and columns nobody keeps cut out. */
function written(o: Opaque, catalog: Catalog, spines: ReadonlyMap<string, Relation>): Opaque {
  if (o.origin.kind === 'generated') return o
  const speaker = { view: o.view, file: o.view }
  const columnsOf = (r: { schema?: string; name: string }): readonly string[] | undefined => {
    const target = o.targets[referenceKey(r)]
    if (typeof target === 'string') {
      const stage = spines.get(target)
      return stage?.kind === 'select' ? stage.columns.map((c) => c.name) : undefined
    }
    return findRelation(catalog, r.name, r.schema)?.columns.map((c) => c.name)
  }
  const facts = sqlFacts(o.text, speaker)
  const starless = splice(facts.text, starEdits(facts, columnsOf))
  // Which of several rows of a key is taken depends on all columns.
  if (o.keep === undefined || o.uniqueOn !== undefined) return { ...o, text: starless }
  const read = sqlFacts(starless, speaker)
  const { keep, ...rest } = o
  return { ...rest, text: splice(read.text, pruneEdits(read, new Set(keep), catalog)) }
}

interface Declared {
  /** Views of the database that a declared stage is, unchanged, and that something else reads as well. */
  readonly stages: ReadonlyMap<string, Stage>
  /** A declared view that has a stage reads that stage. */
  readonly throughView: (o: Opaque) => Opaque
}
const nothingShared: Declared = { stages: new Map(), throughView: (o) => o }

/** The view of the database whose definition a text is. */
function originId(o: Opaque, catalog: Catalog): string | undefined {
  if (o.origin.kind !== 'relation' || Object.keys(o.targets).length > 0) return undefined
  const { schema, name } = o.origin.relation
  const relation = findRelation(catalog, name, schema)
  return isView(relation) && relation.definition === o.text ? idOf(relation) : undefined
}

function declaredViews(stages: readonly Stage[], catalog: Catalog): Declared {
  const opaques = stages.flatMap((s) => opaquesIn(s.relation))
  const uses = new Map<string, number>()
  const count = (id: string) => uses.set(id, (uses.get(id) ?? 0) + 1)
  const ctes = new Set<string>()
  for (const o of opaques) {
    const id = originId(o, catalog)
    if (id !== undefined) count(id)
  }
  for (const { facts } of textsBelow(opaques, catalog)) {
    for (const name of facts.ctes) ctes.add(name)
    for (const id of new Set(facts.references.flatMap((r) => viewRead(r, catalog)?.id ?? []))) count(id)
  }
  const shared = (o: Opaque): string | undefined => {
    const id = originId(o, catalog)
    return id !== undefined && (uses.get(id) ?? 0) > 1 ? id : undefined
  }
  const whole = new Map<string, Stage>()
  for (const stage of stages) {
    if (stage.relation.kind !== 'opaque' || stage.relation.uniqueOn !== undefined || ctes.has(stage.name)) continue
    const id = shared(stage.relation)
    if (id !== undefined && !whole.has(id)) whole.set(id, stage)
  }
  const throughView = (o: Opaque): Opaque => {
    const id = shared(o)
    const relation =
      o.origin.kind === 'relation' ? findRelation(catalog, o.origin.relation.name, o.origin.relation.schema) : undefined
    if (id === undefined || !relation) return o
    const columns = relation.columns.map((c) => quoteIdentifier(c.name)).join(', ')
    return { ...o, text: `SELECT ${columns} FROM ${id}` }
  }
  return { stages: whole, throughView }
}

function viewRead(r: { schema?: string; name: string; sampled: boolean }, catalog: Catalog) {
  const relation = r.sampled ? undefined : findRelation(catalog, r.name, r.schema)
  return isView(relation) ? { id: idOf(relation), relation } : undefined
}

/** The texts and, once each, the definitions of all views below them. */
function* textsBelow(texts: readonly Pick<Opaque, 'text' | 'view'>[], catalog: Catalog) {
  const seen = new Set<string>()
  const pending = texts.map((o) => ({ text: o.text, view: o.view }))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const facts = sqlFacts(next.text, { view: next.view, file: next.view })
    yield { facts }
    for (const r of facts.references) {
      const found = viewRead(r, catalog)
      if (!found || seen.has(found.id)) continue
      seen.add(found.id)
      pending.push({ text: found.relation.definition, view: `view "${found.relation.name}"` })
    }
  }
}

/** The names that stages of a statement with these texts must not take. */
export function reservedNames(texts: readonly string[], catalog: Catalog): ReservedNames {
  const relations = new Set<string>()
  const ctes = new Set<string>()
  const opaques = texts.map((text) => ({ text, view: 'view' }))
  for (const { facts } of textsBelow(opaques, catalog)) {
    for (const name of facts.ctes) ctes.add(name)
    for (const r of facts.references) {
      const stays = r.sampled || !isView(findRelation(catalog, r.name, r.schema))
      if (r.schema === undefined && stays && r.name !== 'spine') relations.add(r.name)
    }
  }
  return { relations, ctes }
}
