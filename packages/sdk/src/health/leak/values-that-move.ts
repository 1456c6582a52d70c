/** Features that look past `as_of`, and labels that look past their horizon. */
import {
  type BoundDataset,
  durationSeconds,
  type Facts,
  lineageOf,
  quoteName,
  type SourceInstants,
  type ViewQuery,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { type Moved, movedValues, type ProbeOptions } from '../../predict/moved-values.ts'
import { type LeakFinding, type LeakPart, viewOf } from './finding.ts'

/** Cuts every source at `as_of`: `future` and `late` findings. */
export async function featuresThatMove(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  options: ProbeOptions,
): Promise<{ readonly parts: readonly LeakPart[]; readonly sources: readonly SourceInstants[] }> {
  if (!bound.hasAsOf || bound.features.length === 0) {
    const detail = bound.hasAsOf ? 'the dataset has no feature views' : 'the sample has no as_of'
    return { parts: [nothing('future', detail), nothing('late', detail)], sources: [] }
  }
  const { rows, instants, moved, sources } = await movedValues(db, bound, facts, 'features', 0, options)
  const arrivals = arrivalColumns(bound, facts)
  const findings = moved.map((m) => featureFinding(bound, m, rows, arrivals))
  const part = (kind: 'future' | 'late', quiet: string): LeakPart => {
    const own = findings.filter((f) => f.kind === kind)
    const detail = own.length === 0 ? quiet : `${own.length} features move: ${own.map((f) => f.column).join(', ')}`
    return { check: { name: kind, ok: own.length === 0, ran: rows > 0, detail }, findings: own }
  }
  const probed = `${rows} rows at ${instants} instants, sources cut at as_of`
  const late = arrivals.size === 0 ? 'no source declares knownAt' : `rows known after as_of move nothing`
  return { parts: [part('future', `${probed}: nothing moves`), part('late', late)], sources }
}

/** Cuts every source where the outcome's time ends: a label that moves looks further. */
export async function labelsThatMove(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  options: ProbeOptions,
): Promise<LeakPart> {
  const { target } = bound.dataset
  if (target?.horizon === undefined || !bound.hasAsOf) return nothing('horizon', 'the target declares no horizon')
  const horizon = durationSeconds(target.horizon) ?? 0
  const { rows, instants, moved } = await movedValues(db, bound, facts, 'labels', horizon, options)
  const findings = moved.map((m): LeakFinding => {
    const sources = m.because.map((b) => `${b.relation}.${b.column}`)
    return {
      kind: 'horizon',
      view: `target "${target.name}"`,
      column: m.value,
      sources,
      detail: `changes in ${m.rows} of ${rows} rows when rows from as_of + ${target.horizon} on are taken away${by(sources)}`,
      hint: `Count outcomes before spine.as_of + interval '${target.horizon}' only, or declare a longer horizon.`,
    }
  })
  const quiet = `${rows} rows at ${instants} instants, sources cut at as_of + ${target.horizon}: the label stays`
  const detail = findings.length === 0 ? quiet : `moves ${findings.map((f) => f.column).join(', ')}`
  return { check: { name: 'horizon', ok: findings.length === 0, ran: rows > 0, detail }, findings }
}

const nothing = (name: 'future' | 'late' | 'horizon', detail: string): LeakPart => ({
  check: { name, ok: true, ran: false, detail },
  findings: [],
})

const by = (sources: readonly string[]): string => (sources.length === 0 ? '' : `, judged by ${sources.join(', ')}`)

function featureFinding(bound: BoundDataset, moved: Moved, of: number, arrivals: ReadonlySet<string>): LeakFinding {
  const sources = moved.because.map((b) => `${b.relation}.${b.column}`)
  const late = sources.length > 0 && sources.every((s) => arrivals.has(s))
  const first = moved.because[0]
  return {
    kind: late ? 'late' : 'future',
    view: viewOf(bound, moved.value),
    column: moved.value,
    sources,
    detail:
      `changes in ${moved.rows} of ${of} rows when ${late ? 'rows known only after as_of' : 'rows from as_of on'} ` +
      `are taken away${by(sources)}`,
    hint: late
      ? `Declare knownAt on the view, or require ${first?.column ?? 'it'} < spine.as_of in its SQL.`
      : first
        ? `Require ${first.column} < spine.as_of in the view. If such rows are known beforehand, say so: ` +
          `sources: { '${first.relation}': { knownAt: '…' } } on the dataset.`
        : 'Read only rows before spine.as_of.',
  }
}

/** Source columns that are declared to say when a row became known, by any view of the dataset or by the dataset itself. */
function arrivalColumns(bound: BoundDataset, facts: Facts): Set<string> {
  const out = new Set<string>()
  for (const [relation, time] of Object.entries(bound.dataset.sources ?? {})) {
    if (time === 'always' || time.knownAt === undefined) continue
    const found = facts.catalog.relations.filter((r) => r.name === relation || `${r.schema}.${r.name}` === relation)
    for (const r of found) out.add(`${r.schema}.${r.name}.${time.knownAt}`)
  }
  for (const { use } of bound.uses) {
    const { view } = use
    const knownAt = view.kind === 'history' ? view.knownAt : view.kind === 'aggregates' ? view.spec.knownAt : undefined
    const query = view.kind === 'aggregates' ? view.spec.source : view.kind === 'history' ? view.query : undefined
    if (knownAt === undefined || query === undefined) continue
    for (const column of sourceColumns(query, knownAt, facts)) out.add(column)
  }
  return out
}

/** The source columns a column of a query is, unchanged. */
function sourceColumns(query: ViewQuery, column: string, facts: Facts): string[] {
  const speaker = { view: 'view', file: 'view' }
  const sql =
    query.kind === 'relation' ? `SELECT * FROM ${quoteName(query.relation)}` : query.kind === 'sql' ? query.text : ''
  const traced = lineageOf(sql, speaker, facts.catalog).find((c) => c.column === column)
  return (traced?.sources ?? []).filter((s) => s.influence === 'identity').map((s) => `${s.relation}.${s.column}`)
}
