/** From candidates to declarations: keys, entities, kinds, and a dataset where a sample was found. */
import { type Diagnostic, diagnostic } from '@viewcast/compiler'
import type { Candidate, KeyedRelation, NamedEntity } from './candidate.ts'
import { inferDataset } from './infer-dataset.ts'
import { inferEntities, isTyped, type Keyed } from './infer-entities.ts'
import { chooseKey } from './infer-keys.ts'
import { isBareKey, looksLikeKey, looksLikeSample, looksLikeTarget } from './infer-names.ts'
import { inferView, type Role } from './infer-view.ts'
import type { Inferred } from './inferred.ts'

/**
 * Infers a project. Pure: the same candidates give the same declarations, in the order of their names.
 *
 * @param relations relations that are unique on something: what entities may range over
 * @param named entities the user named; their keys win over everything inferred
 */
export function inferProject(
  candidates: readonly Candidate[],
  relations: readonly KeyedRelation[],
  named: readonly NamedEntity[] = [],
): Inferred {
  const ordered = [...candidates].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const findings: Diagnostic[] = []
  const keyed = keyedOf(ordered, relations, named, findings)
  const taken = new Set(ordered.map((c) => c.name))
  const { entities, entityOf } = inferEntities(keyed, relations, taken)
  const views = keyed.flatMap(({ candidate, key }) => {
    const one = inferView(candidate, key, entityOf.get(candidate.name) ?? '', roleOf(candidate))
    findings.push(...one.findings)
    return one.view ? [one.view] : []
  })
  const used = entities.filter((e) => views.some((v) => v.entity === e.name))
  for (const entity of used) {
    for (const detail of entity.checks)
      findings.push(diagnostic('import/unsure', { view: `entity "${entity.name}"`, detail }))
  }
  const set = inferDataset(views, used, taken)
  findings.push(...set.findings)
  return { entities: used, views, findings, ...(set.dataset === undefined ? {} : { dataset: set.dataset }) }
}

function keyedOf(
  candidates: readonly Candidate[],
  relations: readonly KeyedRelation[],
  named: readonly NamedEntity[],
  findings: Diagnostic[],
): Keyed[] {
  const listed = relations
    .map((r) => r.key.map((k) => k.name))
    .filter((k) => !k.some(isBareKey) && k.some(looksLikeKey))
  // First what is proven: it tells which columns are keys where nothing is.
  const proven = candidates
    .filter((c) => roleOf(c) === 'view')
    .flatMap((c) => {
      const key = chooseKey(c, named, listed)
      return key && (key.by !== undefined || key.named) ? [key.columns] : []
    })
  const known = distinct([...proven, ...listed])
  const keyed: Keyed[] = []
  for (const candidate of candidates) {
    // A row of a sample is a question about an entity of the views, and may have a key of its own.
    const asked = roleOf(candidate) === 'sample' ? { ...candidate, keys: [] } : candidate
    const key = chooseKey(asked, named, known)
    const view = `view "${candidate.name}"`
    if (key === undefined) {
      const detail = candidate.spine
        ? 'it returns none of the columns of spine it reads'
        : 'none of its columns is recognised as the key of an entity'
      findings.push(diagnostic('import/no-key', { view, detail }))
      continue
    }
    const one = typedLikeOthers({ candidate, key }, relations, keyed)
    if (isTyped(one)) keyed.push(one)
    else {
      const columns = key.columns.join(', ')
      const hint = `Connect a database, or give the type: --entity name=${key.columns.map((c) => `${c}:int4`).join(',')}.`
      findings.push(diagnostic('import/no-key', { view, detail: `the type of its key ${columns} is not known`, hint }))
    }
  }
  return keyed
}

/** A key whose type nothing in the view tells takes that of the same columns elsewhere. */
function typedLikeOthers(one: Keyed, relations: readonly KeyedRelation[], others: readonly Keyed[]): Keyed {
  if (isTyped(one)) return one
  const same = others.find((o) => isTyped(o) && one.key.columns.every((c) => o.key.columns.includes(c)))
  const relation = relations.find((r) => one.key.columns.every((c) => r.key.some((k) => k.name === c)))
  const typeOf = (column: string) =>
    same?.candidate.columns.find((c) => c.name === column)?.type ?? relation?.key.find((k) => k.name === column)?.type
  const columns = one.candidate.columns.map((c) => {
    const type = one.key.columns.includes(c.name) ? (c.type ?? typeOf(c.name)) : c.type
    return type === undefined ? c : { ...c, type }
  })
  return { ...one, candidate: { ...one.candidate, columns } }
}

/** A sample has questions and nothing else, or a name that says so; a target is known by its name only. */
function roleOf(candidate: Candidate): Role {
  const says = (word: string) => candidate.tags?.includes(word) === true
  if (says('target') || looksLikeTarget(candidate.name)) return 'target'
  if (candidate.spine) return 'view'
  if (says('sample') || looksLikeSample(candidate.name)) return 'sample'
  const asked = candidate.columns.some((c) => c.name === 'as_of')
  const bare = candidate.columns.every((c) => c.name === 'as_of' || looksLikeKey(c.name))
  return asked && bare && candidate.columns.length > 1 ? 'sample' : 'view'
}

const distinct = (keys: readonly (readonly string[])[]): (readonly string[])[] => [
  ...new Map(keys.map((k) => [JSON.stringify(k), k])).values(),
]
