/**
 * Which form a history is joined in. Rules choose, planner cost never does: it prices a LATERAL with its index above forms
 * that take five times as long. The limits are measured, see decision 0010.
 */

import type { Facts } from '../analyse/bind.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { findRelation } from '../ir/catalog.ts'
import type { Form } from '../ir/compile-options.ts'
import type { HistoryView } from '../ir/definition.ts'
import type { HistoryForm } from '../ir/relation.ts'
import { type HistoryIndex, historyIndex, type KeyTypes, sameFamily } from './history-index.ts'
import { tieBreaking } from './tie-break.ts'

/** What is known of the questions a view is asked. */
export interface Asked {
  readonly keyTypes: KeyTypes
  /** How many there are, about; undefined where nobody knows. */
  readonly questions: number | undefined
  /** Columns of the view that are taken. */
  readonly columns: readonly string[]
  /** Whether the rows are on many machines. */
  readonly distributed?: boolean
}

/** Why forms that bring events and questions together in one UNION are left out on many machines. */
export const collected = 'its UNION would be collected on one machine'

export interface Impossible {
  readonly form: Form
  /** A clause, such as `no index of plans leads with customer_id, valid_from`. */
  readonly why: string
}

/** A form, why it is the one, and what else there is. */
export interface FormChoice<F extends Form = Form> {
  readonly form: F
  /** A sentence without its full stop. */
  readonly reason: string
  /** All forms that can be asked for. */
  readonly possible: readonly F[]
  readonly impossible: readonly Impossible[]
  /** The statement that creates an index that would help. */
  readonly createIndex?: string
  /** What to store so that dense windows need not be read; advice, never done. */
  readonly propose?: { readonly why: string; readonly sql: string }
  /** The relation and the indexes that a LATERAL stands on. */
  readonly served?: { readonly schema: string; readonly relation: string; readonly indexes: readonly string[] }
}

const forms: readonly HistoryForm[] = ['lateral', 'distinct', 'merge', 'fill']

/** Chooses the form of a history, or checks the one that is `wanted`. Errors: `form/no-index`, `form/unsupported`. */
export function historyForm(view: HistoryView, facts: Facts, asked: Asked, wanted?: Form): FormChoice<HistoryForm> {
  // The order of whole rows reads all columns.
  const { wholeRow } = tieBreaking(view, facts)
  const read = wholeRow ? facts.columns(view).map((c) => c.name) : asked.columns
  const index = historyIndex(view, facts.catalog, asked.keyTypes, read)
  const impossible = impossibleForms(view, facts, asked, index)
  const possible = forms.filter((f) => !impossible.some((i) => i.form === f))
  const rest = {
    possible,
    impossible,
    ...(index.kind === 'missing' ? { createIndex: index.create } : {}),
    ...(index.kind === 'there'
      ? {
          served: {
            schema: index.relation.schema,
            relation: index.relation.name,
            indexes: index.indexes.map((i) => i.name),
          },
        }
      : {}),
  }
  if (wanted === undefined) return { ...rest, ...byRule(view, facts, asked, index, possible) }
  const form = possible.find((f) => f === wanted)
  if (form !== undefined) return { ...rest, form, reason: 'asked for' }
  if (wanted === 'lateral' && index.kind === 'missing') {
    return fail('form/no-index', { view: view.name, columns: index.columns.join(', '), create: index.create })
  }
  const why = impossible.find((i) => i.form === wanted)?.why ?? 'it is no form of a history'
  return fail('form/unsupported', { view: view.name, form: wanted, why, possible: possible.join(', ') })
}

function impossibleForms(view: HistoryView, facts: Facts, asked: Asked, index: HistoryIndex): Impossible[] {
  const out: Impossible[] = []
  if (index.kind === 'impossible') out.push({ form: 'lateral', why: index.why })
  if (index.kind === 'missing') {
    const why = `no index of ${index.relation.name} leads with ${index.columns.join(', ')}`
    out.push({ form: 'lateral', why })
  }
  const why = orderTellsNothing(view) ?? keysDiffer(view, facts, asked.keyTypes)
  if (why !== undefined) out.push({ form: 'merge', why }, { form: 'fill', why })
  else if (asked.distributed) out.push({ form: 'fill', why: collected })
  return out
}

/** The latest row known is not the row before in the order of time when rows arrive in another order. */
const orderTellsNothing = ({ time, knownAt }: HistoryView): string | undefined =>
  knownAt === undefined || knownAt === time
    ? undefined
    : `${knownAt} differs from ${time}, so the row that counts need not be the last one before the instant`

/** Ranges are made per key of the history: two of its keys must not equal one key of a question. */
function keysDiffer(view: HistoryView, facts: Facts, asked: KeyTypes): string | undefined {
  for (const { name } of view.entity.keys) {
    const own = facts.columns(view).find((c) => c.name === name)?.type
    const other = asked[name]
    if (own === undefined || other === undefined) return `the type of ${name} is not known`
    if (!sameFamily(own, other)) return `${name} is ${own} and is asked with ${other}`
  }
  return undefined
}

/** Below this many rows a scan takes milliseconds whatever is done with it. */
const small = 100_000
/** Pairs of question and row of its key, per row of the history, up to which DISTINCT ON beats a sort of the history. */
const distinctUpTo = 1
/** Pairs per row sorted up to which a range join beats a second sort. */
const mergeUpTo = 15

function byRule(
  view: HistoryView,
  facts: Facts,
  { questions }: Asked,
  index: HistoryIndex,
  possible: readonly HistoryForm[],
): { form: HistoryForm; reason: string } {
  if (index.kind === 'there') {
    const [best] = index.indexes
    const name = `${best?.name} (${best?.columns.join(', ')})`
    return { form: 'lateral', reason: `index ${name} finds the row of each question` }
  }
  const without = index.kind === 'missing' ? `no index leads with ${index.columns.join(', ')}` : index.why
  const distinct = (also: string) => ({ form: 'distinct' as const, reason: `${without}; ${also}` })
  const rows = index.relation?.estimatedRows
  if (rows === undefined) return distinct('the size of the history is not known')
  if (rows < small) return distinct(`the history is small, about ${rows} rows`)
  if (!possible.includes('merge')) return distinct('and the other forms cannot represent the view')
  if (questions === undefined) return distinct('how many questions there are is not known')
  const { from } = view.entity
  const keys = from ? findRelation(facts.catalog, from.name, from.schema)?.estimatedRows : undefined
  const sizes = `about ${questions} questions and ${rows} rows`
  // What serves many questions about long histories, where it may.
  const dense = possible.includes('fill') ? 'fill' : 'merge'
  if (keys === undefined || keys < 1) {
    if (questions * 100 <= rows) return distinct(`few questions: ${sizes}`)
    return { form: dense, reason: `${without}; ${sizes}, and how many of them share a key is not known` }
  }
  const depth = Math.max(1, Math.round(rows / keys))
  const pairs = questions * depth
  if (pairs <= distinctUpTo * rows) return distinct(`few questions: ${sizes}, ${depth} of a key`)
  if (pairs <= mergeUpTo * (rows + questions)) {
    return {
      form: 'merge',
      reason: `${without}; ${sizes}, only ${depth} of a key: each row is joined for the time it counts`,
    }
  }
  const sorted =
    dense === 'fill'
      ? 'questions and rows are sorted together once'
      : `each row is joined for the time it counts, as with fill ${collected}`
  return { form: dense, reason: `${without}; ${sizes}, ${depth} of a key: ${sorted}` }
}
