import type { SampleDef, Split, ViewQuery } from '@viewcast/compiler'
import type { Promising } from './agreement.ts'
import { withSteps } from './callable.ts'
import { type Documentation, documented } from './documentation.ts'
import type { Entity } from './entity.ts'
import type { Flat } from './flat.ts'
import { checkedName } from './name.ts'
import type { Problem } from './problem.ts'
import { type HasColumns, queryOf, type RowOfQuery, type Scope, type SelectQuery } from './query.ts'
import { type Relation, relationName } from './relation.ts'
import type { SqlTypeName, TypesOf } from './sql-types.ts'

declare const types: unique symbol

/** A sample whose row is known to the type checker. */
export interface Sample<Keys, Row, Open extends boolean = false> extends SampleDef, Promising<Row> {
  readonly [types]?: { readonly keys: Keys; readonly row: Row; readonly open: Open }
}

export interface SampleOptions<Keys, Weight extends string> extends Documentation {
  readonly entity: Entity<string, Keys>
  /** How rows are divided into training and test; all are training rows by default. */
  readonly split?: Split
  /** Column with case weights: a row counts as so many. */
  readonly weight?: Weight
}

export type DefineSample<DB, Files = object> = <
  const Name extends string,
  Keys extends object,
  const Weight extends string = never,
>(
  name: Name,
  options: SampleOptions<Keys, Weight>,
) => SampleQuery<DB, Keys, Weight, Files>

export interface SampleQuery<DB, Keys extends object, Weight extends string, Files = object> {
  /**
   * The SELECT that gives the questions: the keys of the entity; `as_of` (timestamptz), the instant of each question,
   * which every view over time needs; and other columns, which the dataset keeps.
   *
   * ```ts
   * .query(({ db }) => db.selectFrom('flights').select(['origin as iata', 'scheduled as as_of', 'distance']))
   * ```
   * ```sql
   * select origin as iata, scheduled as as_of, distance from flights
   * ```
   */
  query<Q extends SelectQuery>(
    build: (
      scope: Scope<DB>,
    ) => Q & HasColumns<RowOfQuery<Q>, (keyof Keys & string) | Weight, 'the sample must return the column'>,
  ): Sample<Keys, RowOfQuery<Q>>
  /** The SELECT in a file; `path` is from the project's directory. Its row is known where the project has `SqlFiles`. */
  file<const Path extends string>(
    path: Path,
  ): Path extends keyof Files ? Sample<Keys, Files[Path]> : DeclaredSample<Keys>
  /** A table or view of the database, such as `'vw_TrainSample'`. */
  existing(relation: Relation): DeclaredSample<Keys>
}

/** A sample whose columns the type checker cannot see, beside the keys, until they are declared. */
export interface DeclaredSample<Keys> extends Sample<Keys, Keys, true> {
  /**
   * Declares the columns beside the keys, `as_of` among them. Undeclared, they are there all the same, but the type
   * checker cannot tell what is missing and what is misspelt.
   *
   * ```ts
   * p.sample('train', { entity: customer }).existing('vw_TrainSample').columns({ as_of: 'timestamptz', weight: 'float8' })
   * ```
   */
  columns<const Columns extends Readonly<Record<string, SqlTypeName>>>(
    columns: Columns & {
      readonly [C in keyof Columns & keyof Keys]: Problem<`"${C & string}" is a key; the entity gives its type`>
    },
  ): Sample<Keys, Flat<Keys & TypesOf<Columns>>>
}

export function defineSample(name: string, options: SampleOptions<object, string>) {
  checkedName('sample', name)
  const sample = (query: ViewQuery): SampleDef =>
    Object.freeze<SampleDef>({
      kind: 'sample',
      name,
      entity: options.entity,
      query,
      split: options.split ?? { kind: 'none' },
      ...(options.weight === undefined ? {} : { weight: options.weight }),
      ...documented(options),
    })
  // Declared columns are for the type checker; the database knows them.
  const declared = (query: ViewQuery): SampleDef => withSteps(sample(query), { columns: () => sample(query) })
  return {
    query: (build: (scope: never) => SelectQuery) => sample(queryOf(build, `sample "${name}"`)),
    file: (path: string) => declared({ kind: 'file', path }),
    existing: (relation: Relation) => declared({ kind: 'relation', relation: relationName(relation) }),
  }
}

/** The key columns of a sample, its row, and whether it may have columns the type checker does not know. */
export type KeysOfSample<S> = Part<S, 'keys'>
export type RowOfSample<S> = Part<S, 'row'>
export type IsOpen<S> = Part<S, 'open'>
type Part<S, P extends string> = S extends { readonly [types]?: infer T }
  ? Exclude<T, undefined> extends { readonly [Q in P]: infer X }
    ? X
    : unknown
  : unknown
