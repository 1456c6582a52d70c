import { type EntityDef, sqlType } from '@viewcast/compiler'
import { type Documentation, documented } from './documentation.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import { type Relation, relationName } from './relation.ts'
import type { SqlTypeName, TypesOf } from './sql-types.ts'

declare const keys: unique symbol

/** An entity whose key columns are known to the type checker. */
export interface Entity<Name extends string, Keys> extends EntityDef {
  readonly name: Name
  readonly [keys]?: Keys
}

/** The key columns of an entity. */
export type KeysOf<E> = E extends { readonly [keys]?: infer Keys } ? Flat<Exclude<Keys, undefined>> : object

export interface EntityOptions<Table extends string> extends Documentation {
  /** The relation with one row per entity: what `predict` without keys ranges over. */
  readonly from?: Table | { readonly schema?: string; readonly name: string }
}

export type DefineEntity<DB> = <const Name extends string, const Columns extends Readonly<Record<string, SqlTypeName>>>(
  name: Name,
  keys: Columns,
  options?: EntityOptions<keyof DB & string>,
) => Entity<Name, Flat<TypesOf<Columns>>>

export function defineEntity(
  name: string,
  columns: Readonly<Record<string, string>>,
  options: { readonly from?: Relation } & Documentation = {},
): EntityDef {
  return Object.freeze({
    kind: 'entity',
    name: checkedName('entity', name),
    keys: Object.entries(columns).map(([column, type]) => ({ name: column, type: sqlType(type) })),
    ...(options.from === undefined ? {} : { from: relationName(options.from) }),
    ...documented(options),
  })
}
