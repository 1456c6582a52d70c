/**
 * Request views: what queries make of the questions, one question at a time.
 *
 * The query stands in a lateral join over the spine, reading the one row before it, so that NULL in a column it is asked
 * with loses no row, the same question twice stays two rows, and no value can depend on the other questions: what is
 * computed for a million rows in training is what is computed for one in prediction.
 */
import type { BoundDataset, BoundUse } from '../analyse/bind.ts'
import { isOneRow } from '../analyse/unique.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import type { Catalog } from '../ir/catalog.ts'
import { isPlain, type RequestView } from '../ir/definition.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { Join, Opaque, Projection } from '../ir/relation.ts'
import type { Questions, Spine } from './bind-spine.ts'
import type { StageNames } from './stage-names.ts'

type RequestUse = BoundUse & { readonly use: { readonly view: RequestView } }

const isRequest = (use: BoundUse): use is RequestUse => use.use.view.kind === 'request'

const asked = (bound: BoundDataset, wanted: ReadonlySet<string>): RequestUse[] =>
  bound.uses.filter(isRequest).filter((u) => u.features.some((f) => wanted.has(f.name)))

/** Columns a question must bring for the wanted features. */
export const broughtColumns = (bound: BoundDataset, wanted: ReadonlySet<string>): string[] => [
  ...new Set(asked(bound, wanted).flatMap((u) => u.use.view.columns.map((c) => c.name))),
]

/** The spine with a stage more, that has the wanted features of request views beside the columns of the questions. */
export function withRequests(
  questions: Questions,
  bound: BoundDataset,
  wanted: ReadonlySet<string>,
  catalog: Catalog,
  names: StageNames,
): Spine {
  const requested: Record<string, string> = {}
  const joins: Join[] = []
  const columns: Projection[] = []
  for (const use of asked(bound, wanted)) {
    const { view } = use.use
    // The columns themselves are on the spine already.
    if (isPlain(view)) continue
    const alias = names.take(`${use.use.prefix ?? ''}${view.name}`)
    const features = use.features.filter((f) => wanted.has(f.name))
    joins.push({ type: 'lateral', source: { relation: perQuestion(use, questions, bound, catalog), alias }, on: [] })
    for (const f of features) {
      const name = questions.columns.includes(f.name) ? `_${f.name}` : f.name
      requested[f.name] = name
      columns.push({ name, expr: expr.column(alias, f.column) })
    }
  }
  if (joins.length === 0) return { ...questions, requested }
  const name = names.take('_asked')
  const own = questions.columns.map((c) => ({ name: c, expr: expr.column(questions.name, c) }))
  const stage = {
    name,
    relation: {
      kind: 'select' as const,
      from: { relation: { kind: 'table' as const, name: questions.name }, alias: questions.name },
      joins,
      columns: [...own, ...columns],
      distinct: false,
      fence: false,
    },
  }
  return { ...questions, stages: [...questions.stages, stage], name, requested }
}

function perQuestion(use: RequestUse, questions: Questions, bound: BoundDataset, catalog: Catalog): Opaque {
  const { view } = use.use
  const title = `view "${view.name}"`
  const { text, origin } = viewText(view.query, catalog, title)
  const speaker = speakerOf(title, origin)
  const of = (name: string): Expr => expr.column(questions.name, name)
  const typed = (name: string, type: string): Expr => {
    const found = bound.sampleColumns.find((c) => c.name === name)
    return found?.type === type ? of(name) : expr.cast(of(name), type)
  }
  const row: Projection[] = [
    ...use.on.map(([key, column]) => ({ name: key, expr: of(column) })),
    ...(bound.hasAsOf ? [{ name: 'as_of', expr: of('as_of') }] : []),
    ...view.columns.map((c) => ({ name: c.name, expr: typed(c.name, c.type) })),
  ]
  return {
    kind: 'opaque',
    text,
    origin,
    view: speaker.file,
    targets: {},
    row: { name: 'spine', columns: row },
    ...(isOneRow(sqlFacts(text, speaker), catalog) ? {} : { single: true }),
  }
}
