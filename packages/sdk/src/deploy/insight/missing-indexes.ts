/** Indexes by which the views of a query would find their rows. */
import { type Facts, type QueryPlan, quoteName } from '@viewcast/compiler'

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
