import type { WindowView } from '@viewcast/compiler'
import { type Documentation, documented } from './documentation.ts'
import type { Entity } from './entity.ts'
import { checkedName } from './name.ts'
import { type HasColumns, queryOf, type RowOfQuery, type Scope, type SelectQuery, type WithSpine } from './query.ts'
import { type OpenView, openView } from './view.ts'

export interface WindowOptions<Keys> extends Documentation {
  readonly entity: Entity<string, Keys>
}

export type DefineWindowView<DB> = <const Name extends string, Keys extends object>(
  name: Name,
  options: WindowOptions<Keys>,
) => WindowQuery<DB, Keys>

export interface WindowQuery<DB, Keys extends object> {
  /**
   * A SELECT over `spine`, the relation of questions: the keys of the entity and `as_of`, one row per question. It
   * returns one row per row of `spine`, with the keys, `as_of` and the features.
   *
   * ```ts
   * .query(({ db }) =>
   *   db.selectFrom('spine')
   *     .leftJoin('flights', (j) => j
   *       .onRef('flights.origin', '=', 'spine.iata')
   *       .onRef('flights.date', '<', 'spine.as_of'))
   *     .groupBy(['spine.iata', 'spine.as_of'])
   *     .select(({ fn }) => ['spine.iata', 'spine.as_of', fn.avg('flights.delay').as('delay')]))
   * ```
   * ```sql
   * select spine.iata, spine.as_of, avg(flights.delay) as delay
   * from spine left join flights on flights.origin = spine.iata and flights.date < spine.as_of
   * group by spine.iata, spine.as_of
   * ```
   */
  query<Q extends SelectQuery>(
    build: (
      scope: Scope<WithSpine<DB, Keys>>,
    ) => Q &
      HasColumns<
        RowOfQuery<Q>,
        (keyof Keys & string) | 'as_of',
        'a window view returns the keys and as_of of spine; the query lacks'
      >,
  ): OpenView<WindowView, Keys, RowOfQuery<Q>, keyof Keys & string, true>
}

export function defineWindowView(
  name: string,
  options: WindowOptions<object>,
): { query(build: (scope: never) => SelectQuery): WindowView } {
  checkedName('window view', name)
  return {
    query: (build) =>
      openView<WindowView>({
        kind: 'window',
        name,
        entity: options.entity,
        query: queryOf(build, `window view "${name}"`),
        ...documented(options),
      }),
  }
}
