/**
 * The forms an aggregates view can be computed in, and which is chosen. Rules choose, planner cost never does; the figures
 * behind them are in decision 0011.
 */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Catalog } from '../../ir/catalog.ts'
import type { Form } from '../../ir/compile-options.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import type { Column } from '../../ir/type.ts'
import { type Asked, collected, type FormChoice, type Impossible } from '../history-form.ts'
import { type Density, densityOf } from './density.ts'
import { runningRefusal } from './running-form.ts'
import { storedTotals } from './stored-totals.ts'
import { type WindowIndex, windowIndex } from './window-index.ts'

/** Physical forms of declared windows; all give the same rows. */
export type WindowForm = 'join' | 'lateral' | 'running'

const forms: readonly WindowForm[] = ['join', 'lateral', 'running']

/** What is known when a form of declared windows is chosen. */
export interface WindowQuestion {
  /** Columns of the events. */
  readonly source: readonly Column[]
  readonly catalog: Catalog
  readonly asked: Asked
  readonly purpose: 'training' | 'prediction'
}

/** Chooses the form of declared windows, or checks the one that is `wanted`. Errors: `form/no-index`, `form/unsupported`. */
export function windowForm(view: AggregatesView, question: WindowQuestion, wanted?: Form): FormChoice<WindowForm> {
  const { source, catalog, asked } = question
  const index = windowIndex(view, catalog, asked.keyTypes)
  const refusal = asked.distributed ? collected : runningRefusal(view, source, asked.keyTypes)
  const impossible: Impossible[] = [
    ...(index.kind === 'there' ? [] : [{ form: 'lateral' as const, why: withoutIndex(index) }]),
    ...(refusal === undefined ? [] : [{ form: 'running' as const, why: refusal }]),
  ]
  const dense = index.kind === 'impossible' ? undefined : densityOf(view, index.relation, index.columns, catalog)
  const proposal =
    index.kind === 'impossible' ? undefined : storedTotals(view, source, index.relation, index.columns, dense)
  const advice = proposal === undefined ? {} : { propose: proposal }
  const possible = forms.filter((f) => !impossible.some((i) => i.form === f))
  const chosen = (form: WindowForm, reason: string) => ({
    form,
    reason,
    possible,
    impossible,
    ...indexOf(index, form),
    ...advice,
  })
  if (wanted === undefined) {
    const { form, reason } = byRule(view, question, index, dense, refusal)
    return chosen(form, reason)
  }
  const form = possible.find((f) => f === wanted)
  if (form !== undefined) return chosen(form, 'asked for')
  if (wanted === 'lateral' && index.kind === 'missing') {
    return fail('form/no-index', { view: view.name, columns: index.columns.join(', '), create: index.create })
  }
  const why = impossible.find((i) => i.form === wanted)?.why ?? 'it is no form of declared windows'
  return fail('form/unsupported', { view: view.name, form: wanted, why, possible: possible.join(', ') })
}

const withoutIndex = (index: Exclude<WindowIndex, { kind: 'there' }>): string =>
  index.kind === 'missing' ? `no index of ${index.relation.name} leads with ${index.columns.join(', ')}` : index.why

/** Running totals read all events in any case: no index helps them. */
function indexOf(index: WindowIndex, form: WindowForm): Pick<FormChoice, 'createIndex' | 'served'> {
  if (index.kind === 'impossible' || form === 'running') return {}
  if (index.kind === 'missing') return { createIndex: index.create }
  const { schema, name: relation } = index.relation
  return { served: { schema, relation, indexes: index.indexes.map((i) => i.name) } }
}

/** Events read in the time a question costs a LATERAL by itself. */
const perQuestion = 10

function byRule(
  view: AggregatesView,
  { asked, purpose }: WindowQuestion,
  index: WindowIndex,
  dense: Density | undefined,
  refusal: string | undefined,
): { form: WindowForm; reason: string } {
  const direct = (why: string): { form: WindowForm; reason: string } => {
    if (index.kind !== 'there') return { form: 'join', reason: `${why}; ${withoutIndex(index)}` }
    const [best] = index.indexes
    const name = `${best?.name} (${best?.columns.join(', ')})`
    return { form: 'lateral', reason: `${why}; index ${name} finds the events of each question` }
  }
  if (purpose === 'prediction') return direct('a prediction asks for one instant, and reads only its windows')
  if (refusal !== undefined) return direct(`not by running totals: ${refusal}`)
  const { questions } = asked
  const rows = index.relation?.estimatedRows
  if (index.kind === 'there' && questions !== undefined && rows !== undefined && dense !== undefined) {
    // Rows each would read.
    const edges = Object.keys(view.spec.windows).length + 1
    if (questions * (dense.perWindow + perQuestion) < rows + questions * edges) {
      return direct(`few questions for the events: about ${questions}, with ${dense.perWindow} of ${rows} events each`)
    }
  }
  return { form: 'running', reason: 'one sort of events and questions, whatever the width of the windows' }
}
