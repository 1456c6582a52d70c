/** A shop for sequences of deployments: two projects on one database, and roles that are nobody else's. */
import { type Database, type ModelDef, type ModelRecord, openStore, type Store, trainRecorded } from '@viewcast/sdk'
import { datasetOf, model, p, profile, spending, tables } from '../scenarios/shop.ts'

export const kinds = p.model('kinds', {
  dataset: datasetOf([profile, spending]),
  family: 'multinomial',
  label: 'answer',
  penalty: 1,
} as never) as ModelDef

export interface SequenceShop {
  readonly db: Database
  readonly stores: readonly [Store, Store]
  readonly records: ReadonlyMap<string, ModelRecord>
  /** Declared as readers, and nobody else grants them anything. */
  readonly readers: readonly [string, string]
  /** Granted by hand, and never declared. */
  readonly guest: string
  readonly owner: string
}

/** @param mark tells roles apart from those of other runs on the same server. */
export async function sequenceShop(db: Database, mark: string): Promise<SequenceShop> {
  await db.execute(tables)
  const roles = ['reader', 'second_reader', 'guest', 'owner'].map((name) => `${name}_${mark}`)
  for (const role of roles) await db.execute(`CREATE ROLE ${role}`)
  const [first = '', second = '', guest = '', owner = ''] = roles
  await db.execute(`GRANT ALL ON customers, orders, asked TO ${owner}; CREATE SCHEMA others`)
  const stores = [
    await openStore(db, { project: 'shop', actor: 'me' }),
    await openStore(db, { project: 'store', actor: 'them' }),
  ] as const
  const records = new Map<string, ModelRecord>()
  for (const by of stores) {
    for (const of of [model, kinds]) records.set(`${by.project} ${of.name}`, (await trainRecorded(by, of)).record)
  }
  return { db, stores, records, readers: [first, second], guest, owner }
}

/** One that is being run. */
export interface Sequence extends SequenceShop {
  readonly schema: string
  readonly random: Random
  /** Objects that somebody changed or dropped by hand since viewcast left them, by oid or place. */
  readonly touched: Set<string>
  /** What was declared for each version of an object. */
  readonly declared: Map<string, object>
  dependents: number
}

export type Random = (below: number) => number

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
