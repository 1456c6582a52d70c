import type { Location } from '../diagnostics/diagnostic.ts'
import { locate } from '../diagnostics/locate.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { tokensOf } from '../front/sql/tokens.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import type { Catalog } from '../ir/catalog.ts'
import type { FeatureView, SampleDef, TargetDef } from '../ir/definition.ts'
import { queryOf, titleOf } from './describe-query.ts'

/** Where the text of a definition computes a column; without one, or where it is not in the select list, its first word. */
export function definitionPlace(
  definition: FeatureView | SampleDef | TargetDef,
  catalog: Catalog,
  column?: string,
): Location {
  const title = titleOf(definition)
  const { text: source, origin } = viewText(queryOf(definition), catalog, title)
  const speaker = speakerOf(title, origin)
  const { text, outputs } = sqlFacts(source, speaker)
  const item = column === undefined ? undefined : outputs.find((o) => o.name === column && o.end > o.start)
  if (item) return locate(speaker.file, text, item.start, item.end - item.start)
  const first = tokensOf(text).all[0]
  return locate(speaker.file, text, first?.start ?? 0, first?.text.length ?? 1)
}
