/** The form of any view: chosen by rule, or asked for and checked. */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import { diagnostic, fail, throwIfErrors } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import type { CompileOptions, Form } from '../ir/compile-options.ts'
import type { FeatureView } from '../ir/definition.ts'
import { type Asked, type FormChoice, historyForm } from './history-form.ts'
import type { Purpose } from './view-stage.ts'
import { windowForm } from './windows/forms.ts'

/** Views of these kinds have one form and no choice. */
export type OnlyForm = 'lookup' | 'query' | 'question'

export type ViewForm = Omit<FormChoice, 'form' | 'possible'> & {
  readonly form: Form | OnlyForm
  readonly possible: readonly (Form | OnlyForm)[]
}

/** Errors: `form/no-index`, `form/unsupported`. */
export function viewForm(view: FeatureView, facts: Facts, asked: Asked, purpose: Purpose, wanted?: Form): ViewForm {
  switch (view.kind) {
    case 'history':
      return historyForm(view, facts, asked, wanted)
    case 'aggregates':
      return windowForm(view, { source: facts.columns(view), catalog: facts.catalog, asked, purpose }, wanted)
    case 'static':
      return only('lookup', 'one row per key, joined on the key', view, wanted)
    case 'window':
      return only('query', 'your own query over the questions', view, wanted)
    case 'request':
      return only('question', 'what each question brings, one question at a time', view, wanted)
  }
}

function only(form: OnlyForm, reason: string, view: FeatureView, wanted?: Form): ViewForm {
  if (wanted !== undefined) {
    const why = `a ${view.kind} view is computed as it is written`
    fail('form/unsupported', { view: view.name, form: wanted, why, possible: form })
  }
  return { form, reason, possible: [form], impossible: [] }
}

/** Forms can be asked for by the names of views only. Errors: `form/unknown-view`. */
export function checkForms(options: CompileOptions, bound: BoundDataset): void {
  const views = bound.uses.map((u) => u.use.view.name)
  throwIfErrors(
    Object.keys(options.forms ?? {})
      .filter((name) => !views.includes(name))
      .map((view) =>
        diagnostic('form/unknown-view', { view, dataset: bound.dataset.name, ...nearParameter(view, views) }),
      ),
  )
}
