/** Indexes by which the views of a query would find their rows. */
import { type Facts, findRelation, type QueryPlan, quoteName } from '@viewcast/compiler'
import type { DryRun } from '../dry-run.ts'

/** A table of fewer rows is read whole in less time than it takes to notice. */
const large = 10_000

/** Statements to run, each once; none for tables that the planner knows to be small. */
export function missingIndexes(views: QueryPlan['views'], { catalog }: Pick<Facts, 'catalog'>): readonly string[] {
  const wanted = new Set(views.flatMap((v) => (v.createIndex === undefined ? [] : [v.createIndex])))
  return [...wanted]
    .filter((statement) => {
      const of = catalog.relations.find((r) =>
        statement.includes(` ON ${quoteName({ schema: r.schema, name: r.name })} (`),
      )
      return of?.estimatedRows === undefined || of.estimatedRows >= large
    })
    .map((statement) => `${statement};`)
}

/** Large tables that each call of a function reads from end to end. */
export function readByEachCall(
  { planned, relations }: Pick<DryRun, 'planned' | 'relations'>,
  { catalog }: Pick<Facts, 'catalog'>,
): readonly string[] {
  return relations.flatMap(({ schema, name }) => {
    const rows = findRelation(catalog, name, schema)?.estimatedRows ?? 0
    if (rows < large || !planned?.readWhole.includes(name)) return []
    return [
      `each call reads all of ${quoteName({ schema, name })}, about ${Math.round(rows).toLocaleString('en')} rows`,
    ]
  })
}
