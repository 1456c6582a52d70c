/**
 * Whatever is done to deployments one after the other, by viewcast and by hand, database and store say the same, and nothing
 * of others is touched. A sequence is made from a seed, so that one that fails can be run again.
 */
import {
  applyPlan,
  collectKept,
  type DeploymentDef,
  deploymentVersions,
  isViewcastError,
  keptVersions,
  listDeployments,
  type ModelRecord,
  planDeployments,
  rollback,
  type Store,
} from '@viewcast/sdk'
import { expect } from 'vitest'
import { model, p } from '../scenarios/shop.ts'
import { type Found, type Objects, objectsOf } from './objects-of.ts'
import { kinds, type Random, randomOf, type Sequence, type SequenceShop } from './sequence-shop.ts'

const at = '2024-03-01T00:00:00Z'

/** Runs one sequence, and says what was done; what is wrong after a step is thrown with all steps up to it. */
export async function runSequence(shop: SequenceShop, seed: number, steps: number, name: string): Promise<string[]> {
  const { db } = shop
  const schema = `${name}_${seed}`
  await db.execute(`CREATE SCHEMA ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema}, others TO ${shop.owner};
    GRANT USAGE ON SCHEMA ${schema} TO ${shop.readers.join(', ')}, ${shop.guest}`)
  const sequence: Sequence = {
    ...shop,
    schema,
    random: randomOf(seed),
    touched: new Set(),
    declared: new Map(),
    dependents: 0,
  }
  const log: string[] = []
  try {
    for (let step = 0; step < steps; step++) await oneStep(sequence, log)
  } catch (e) {
    if (e instanceof Error) e.message = `seed ${seed}, after\n${log.join('\n')}\n\n${e.message}`
    throw e
  }
  return log
}

const one = <T>(random: Random, of: readonly T[]): T => of[random(of.length)] as T

async function oneStep(sequence: Sequence, log: string[]): Promise<void> {
  const { random, schema, stores } = sequence
  const before = await objectsOf(sequence.db, schema)
  const name = one(random, ['now', 'now', 'now', 'other'])
  const by = one(random, [stores[0], stores[0], stores[0], stores[1]])
  const live = before.live.get(`${schema}.${name}`)
  const kind = random(20)
  const [what, run] =
    kind < 8
      ? deploying(sequence, by, name)
      : kind < 12
        ? await goingBack(sequence, by, name)
        : kind < 13
          ? removing(sequence, by, name)
          : kind < 15
            ? collecting(sequence, by)
            : byHand(sequence, before, live)
  log.push(`${by.project}: ${what}`)
  const { outcome, check } = await done(run)
  log[log.length - 1] += ` -> ${outcome}`
  const after = await objectsOf(sequence.db, schema)
  if (outcome.startsWith('refused')) expect(after.all, 'a refused step changes nothing').toEqual(before.all)
  agreed(sequence, before, after)
  await check?.(before, after)
}

type Check = (before: Objects, after: Objects) => Promise<void>
type Run = () => Promise<{ readonly outcome: string; readonly check?: Check } | undefined>

async function done(run: Run): Promise<{ readonly outcome: string; readonly check?: Check }> {
  try {
    return (await run()) ?? { outcome: 'done' }
  } catch (e) {
    if (!isViewcastError(e)) throw e
    const codes = e.diagnostics.map((d) => d.code)
    // Of the reasons that there are, these can come about here.
    const expected = ['deploy/claimed', 'deploy/conflict', 'deploy/no-version', 'deploy/unknown']
    if (codes.some((code) => !expected.includes(code))) throw e
    return { outcome: `refused: ${codes.join(', ')}` }
  }
}

const recordsOf = ({ records }: SequenceShop, by: Store) => ({
  record: async (of: string) => records.get(`${by.project} ${of}`) as ModelRecord,
})

function deploying(sequence: Sequence, by: Store, name: string): [string, Run] {
  const { random, schema, readers } = sequence
  const as = one<DeploymentDef['as']>(random, ['view', 'view', 'table', 'table', 'function'])
  const of = one(random, [model, model, model, kinds])
  const outputs = one(random, of === kinds ? [undefined, ['label']] : [['value', 'label'], ['value'], ['label']])
  const declared = {
    as,
    model: of,
    schema,
    ...(outputs ? { outputs } : {}),
    ...(as === 'view' ? { at } : {}),
    readers: readers.filter(() => random(2) === 0),
  }
  const isExact = random(2) === 0
  const what = `deploy ${name} as ${as} of ${of.name} ${outputs ?? 'all'} for ${declared.readers}${isExact ? ', exact' : ''}`
  return [
    what,
    async () => {
      const plan = await planned(sequence, by, name, declared, isExact)
      await applyPlan(by, plan, {
        ...recordsOf(sequence, by),
        allowBreaking: true,
        allowRemove: true,
        overwriteEdited: true,
      })
      const [change] = plan.changes
      const place = `${schema}.${name}`
      return {
        outcome: `${change?.class} ${change?.strategy}`,
        check: async (before, after) => {
          const [was, is] = [before.live.get(place), after.live.get(place)]
          forget(sequence, before, after, place)
          expect(is, 'what was deployed is there').toBeDefined()
          if (!is) return
          sequence.declared.set(`${by.project} ${place} ${is.version}`, declared)
          for (const reader of readers) {
            expect(is.may.includes(reader), `${reader} may read it if it is declared`).toBe(
              declared.readers.includes(reader),
            )
          }
          if (was?.oid) inherited(was, is)
          const again = await planned(sequence, by, name, declared, isExact)
          expect(
            again.changes.map((c) => [c.class, c.columns.filter((one) => one.change !== 'kept'), c.metadata]),
            'nothing is left to do',
          ).toEqual([['none', again.changes[0]?.columns.filter((one) => one.change !== 'kept'), []]])
        },
      }
    },
  ]
}

/** Whoever had it by hand has the new one: owner, guest, and what was written below our comment. */
function inherited(was: Found, is: Found): void {
  expect(is.owner, 'the owner stays').toBe(was.owner)
  const isRelation = (found: Found) => found.kind !== 'function'
  const hasGuest = (found: Found) => found.may.some((role) => role.startsWith('guest'))
  if (isRelation(was) === isRelation(is) || hasGuest(was)) expect(hasGuest(is), 'the guest stays').toBe(hasGuest(was))
  const below = (found: Found) => found.comment?.replace(/^viewcast:[^\n]*\n*/, '') ?? ''
  if (isRelation(was) === isRelation(is)) expect(below(is), 'the comment stays').toBe(below(was))
}

async function planned({ records, schema }: Sequence, by: Store, name: string, declared: object, isExact: boolean) {
  const def = p.deployment(name, declared as never)
  const record = records.get(`${by.project} ${def.model.name}`) as ModelRecord
  return planDeployments(by, [{ def, record, isDeclared: true }], { schema, isExact, leaveDependents: true })
}

async function goingBack(sequence: Sequence, by: Store, name: string): Promise<[string, Run]> {
  const { random, schema } = sequence
  const object = { schema, name }
  const versions = (await deploymentVersions(by, object))?.versions ?? []
  const chosen = random(4) === 0 ? undefined : versions[random(Math.max(1, versions.length))]
  const isExact = random(2) === 0
  const what = `roll ${name} back to ${chosen?.version ?? 'before'}${chosen?.kept ? ` at ${chosen.kept.at.schema}` : ''}${isExact ? ', exact' : ''}`
  return [
    what,
    async () => {
      const plan = await rollback(by, object, {
        ...recordsOf(sequence, by),
        ...(chosen ? { to: chosen.version } : {}),
        isExact,
        leaveDependents: true,
        overwriteEdited: true,
      })
      const [change] = plan.changes
      const place = `${schema}.${name}`
      return {
        outcome: `${change?.class} ${change?.strategy}`,
        check: async (before, after) => {
          const is = after.live.get(place)
          forget(sequence, before, after, place)
          expect(is, 'what was brought back is there').toBeDefined()
          const to = change?.to?.deployment
          const declared = sequence.declared.get(`${by.project} ${place} ${to}`)
          const built = change?.exchange?.built
          if (change?.strategy === 'swap' && built && before.kept.has(`${built.schema}.${built.name}`))
            expect(is?.version, 'the version that was asked for').toBe(to)
          if (!declared) return
          if (is) sequence.declared.set(`${by.project} ${place} ${is.version}`, declared)
          const again = await planned(sequence, by, name, declared, false)
          expect(['none', 'metadata'], 'it is what was declared then').toContain(again.changes[0]?.class)
        },
      }
    },
  ]
}

function removing(sequence: Sequence, by: Store, name: string): [string, Run] {
  const place = `${sequence.schema}.${name}`
  return [
    `remove ${name}`,
    async () => {
      const unlessWanted = (await listDeployments(by)).filter((d) => `${d.object.schema}.${d.object.name}` === place)
      const plan = await planDeployments(by, [], { unlessWanted, leaveDependents: true })
      await applyPlan(by, plan, {
        ...recordsOf(sequence, by),
        allowRemove: true,
        overwriteEdited: true,
      })
      return {
        outcome: plan.changes[0]?.class ?? 'nothing',
        check: async (_, after) => {
          if (plan.changes.length > 0) expect(after.live.has(place), 'what was removed is gone').toBe(false)
        },
      }
    },
  ]
}

function collecting(sequence: Sequence, by: Store): [string, Run] {
  const keep = sequence.random(3)
  return [
    `collect all but ${keep}`,
    async () => {
      const { versions } = await collectKept(by, { keep })
      const collected = versions.filter((v) => v.outcome === 'collected' && v.object.schema === sequence.schema)
      return {
        outcome: `${collected.length} collected`,
        check: async (before, after) => {
          for (const [place, kept] of before.kept) {
            const isCollected = collected.some((v) => `${v.at.schema}.${v.at.name}` === place)
            if (kept.oid)
              expect(after.kept.get(place)?.oid, `${place} is collected or stays`).toBe(
                isCollected ? undefined : kept.oid,
              )
            if (isCollected) expect(kept.project, 'only what is of the project is collected').toBe(by.project)
          }
          const { schemas } = await keptVersions(by)
          expect(schemas.filter((s) => s.isEmpty && s.name.startsWith(`${sequence.schema}__`))).toEqual([])
        },
      }
    },
  ]
}

/** Something that somebody does to an object without viewcast. */
function byHand(sequence: Sequence, before: Objects, live: Found | undefined): [string, Run] {
  const { random, db, touched, guest, owner } = sequence
  const kept = [...before.kept.values()].filter((k) => k.oid)
  const found = random(4) === 0 && kept.length > 0 ? one(random, kept) : live
  const isLive = found === live
  if (!found?.oid) return ['nothing by hand', async () => undefined]
  const { word, sql } = found
  const say = (what: string, statement: string, isTouched = false): [string, Run] => [
    `${what} ${sql}`,
    async () => {
      if (isTouched) touched.add(found.place)
      await db.execute(statement)
      return undefined
    },
  ]
  const grant = `${found.kind === 'function' ? 'EXECUTE' : 'SELECT'} ON ${found.kind === 'function' ? 'FUNCTION' : 'TABLE'} ${sql}`
  switch (isLive ? random(9) : 5 + random(2)) {
    case 0:
      return say('grant to the guest', `GRANT ${grant} TO ${guest}`)
    case 1:
      return say('revoke from the guest', `REVOKE ${grant} FROM ${guest}`)
    case 2:
      return say('give to the owner', `ALTER ${word} ${sql} OWNER TO ${owner}`)
    case 3:
      return say(
        'comment',
        `COMMENT ON ${word} ${sql} IS E'${found.comment?.split('\n')[0]?.replaceAll("'", "''")}\\n\\nMine'`,
      )
    case 4:
    case 8: {
      if (found.kind === 'function') break
      const view = `others.${sequence.schema}_${++sequence.dependents}`
      return say(`view ${view} of`, `CREATE VIEW ${view} AS SELECT * FROM ${sql}`)
    }
    case 5: {
      if (found.dependents > 0) break
      return say('drop', `DROP ${word} ${sql}`, true)
    }
    case 6: {
      if (found.kind === 'table')
        return say('add a column', `ALTER TABLE ${sql} ADD COLUMN by_hand_${random(1e9)} int`, true)
      if (found.kind === 'function') return say('edit', `ALTER FUNCTION ${sql} COST ${2 + random(1e6)}`, true)
      return say(
        'edit',
        `DO $do$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW ${sql} AS SELECT * FROM (' || rtrim(pg_get_viewdef(${found.oid}::oid), ';') || ') q WHERE ${random(1e9)} > 0'; END $do$`,
        true,
      )
    }
    case 7: {
      if (found.kind !== 'table') break
      return say('update', `UPDATE ${sql} SET as_of = as_of + interval '1 minute'`)
    }
  }
  return ['nothing by hand', async () => undefined]
}

/** What viewcast left is as it left it. */
function forget({ touched }: Sequence, before: Objects, after: Objects, place: string): void {
  const keptBefore = touched.has(place)
  touched.delete(place)
  const was = before.live.get(place)?.oid
  for (const kept of after.kept.values()) {
    // An object that was edited while it was live is kept as it was left by then.
    if (keptBefore && kept.oid === was) touched.delete(kept.place)
  }
}

/** What holds after every step. */
function agreed({ touched, schema }: Sequence, before: Objects, after: Objects): void {
  for (const found of after.live.values()) {
    if (touched.has(found.place)) continue
    expect(found.oid, `${found.place} is there`).toBeTruthy()
    expect(found.kind, `${found.place} is of its kind`).toBe(found.wantedKind)
    expect(found.columns, `${found.place} has the columns of its version`).toEqual(found.wantedColumns)
    expect(found.comment, `${found.place} is known as ours`).toMatch(/^viewcast:/)
    expect(found.isReadable, `${found.place} answers`).toBe(true)
  }
  const known = new Map([...before.live.values(), ...before.kept.values()].map((f) => [f.oid, f]))
  for (const found of after.kept.values()) {
    if (touched.has(found.place)) continue
    expect(found.oid, `${found.place} is kept`).toBeTruthy()
    const was = known.get(found.oid)
    expect(found.print, `${found.place} is as it was left`).toEqual(was?.print)
    if (was?.place !== found.place) expect(was?.place.startsWith(`${schema}.`), `${found.place} was live`).toBe(true)
  }
  expect(after.strays, 'nothing else is left over').toEqual([])
  const others = (of: Objects) => of.others.filter((o) => before.others.some((b) => b.oid === o.oid))
  expect(others(after), 'nothing of others is changed').toEqual(before.others)
}
