import { InternalError } from '../../diagnostics/diagnostic.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import type { Column } from '../../ir/type.ts'
import { type WindowRequest, windowFeatures } from './feature.ts'
import type { WindowForm } from './forms.ts'
import { joinSql } from './join-form.ts'
import { lateralSql } from './lateral-form.ts'
import { runningSql } from './running-form.ts'

const writers: Readonly<Record<WindowForm, (request: WindowRequest) => string>> = {
  join: joinSql,
  lateral: lateralSql,
  running: runningSql,
}

/** The SQL of an aggregates view, reading `spine`; only the features in `keep`. Every form returns the same rows. */
export function windowSql(
  view: AggregatesView,
  source: readonly Column[],
  keep: ReadonlySet<string>,
  form: WindowForm,
): string {
  const features = windowFeatures(view).filter((f) => keep.has(f.name))
  if (features.length === 0) throw new InternalError(`No feature of "${view.name}" is wanted`)
  return writers[form]({ view, source, features })
}
