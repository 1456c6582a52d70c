/** Two versions of a model beside each other: what differs, and nothing else. */
import type { ScoreMovement, VersionComparison } from '@viewcast/sdk'
import { significant } from './number.ts'
import type { Colors } from './palette.ts'
import { grouped, renderPairs, renderTable } from './table.ts'

export function comparisonReport(
  c: VersionComparison,
  { sql, colors }: { readonly sql: boolean; readonly colors: Colors },
): string {
  const headed = (title: string, text: string): string[] => (text === '' ? [] : [`${colors.bold(title)}\n${text}`])
  const sections = [
    ...headed('metrics', metrics(c, colors)),
    ...headed('coefficients', coefficients(c, colors)),
    ...headed('encoders', encoders(c)),
    ...headed('settings', settings(c, colors)),
    ...headed('scores', c.scores === undefined ? '' : scores(c.scores, colors)),
    ...(sql
      ? [...headed('training query', c.sql.training ?? ''), ...headed('prediction query', c.sql.prediction ?? '')]
      : []),
  ]
  return [head(c, colors), ...sections].join('\n')
}

function head(c: VersionComparison, colors: Colors): string {
  const { before, after, same } = c.dataset
  const version = (d: typeof before): string => (d === null ? 'unknown' : `${d.name} ${d.version}`)
  const data =
    same === null
      ? 'whether the rows are the same is not known'
      : same
        ? 'the same rows'
        : `${version(before)}, then ${version(after)}`
  const text = (diff: string | null): string =>
    diff === null ? 'not known' : diff === '' ? 'the same' : `changed, ${lines(diff)}`
  return renderPairs([
    ['model', `${colors.bold(c.model)} version ${c.before}, then ${c.after}`],
    ['trained on', data],
    ['training query', text(c.sql.training)],
    ['prediction', text(c.sql.prediction)],
  ])
}

function lines(diff: string): string {
  const own = diff.split('\n').slice(2)
  return `${own.filter((l) => l.startsWith('+')).length} lines added, ${own.filter((l) => l.startsWith('-')).length} removed`
}

const number = (value: number | null | undefined, digits = 4): string => significant(value ?? null, digits)
const numeric = (...names: readonly string[]) => names.map((name) => ({ name, type: 'float8' }))
/** A difference wears its sign. */
const signed = (value: number | null | undefined, digits = 3): string => {
  const text = number(value, digits)
  return value != null && value > 0 ? `+${text}` : text
}

function metrics(c: VersionComparison, colors: Colors): string {
  const rows = c.metrics
    .filter((m) => m.difference !== 0 && (m.before !== null || m.after !== null))
    .map((m) => [m.part, m.metric, number(m.before), number(m.after), signed(m.difference)])
  const columns = [{ name: 'part' }, { name: 'metric' }, ...numeric('before', 'after', 'difference')]
  return rows.length === 0 ? '' : renderTable(columns, rows, { colors })
}

function coefficients(c: VersionComparison, colors: Colors): string {
  const changed = c.coefficients.filter((k) => k.change !== 'same')
  if (changed.length === 0) return ''
  const ofClasses = changed.some((k) => k.class !== undefined)
  const columns = [
    ...(ofClasses ? [{ name: 'class' }] : []),
    ...[{ name: 'coefficient' }, { name: 'change' }],
    ...numeric('before', 'std. error', 'after', 'std. error', 'difference', 'z'),
  ]
  const rows = changed.map((k) => [
    ...(ofClasses ? [k.class ?? ''] : []),
    ...[k.name, k.change],
    ...[number(k.before?.estimate, 5), number(k.before?.standardError)],
    ...[number(k.after?.estimate, 5), number(k.after?.standardError), signed(k.difference), number(k.z, 3)],
  ])
  return renderTable(columns, rows, { colors })
}

function encoders(c: VersionComparison): string {
  const changed = c.inputs.filter((i) => i.change !== 'same')
  return renderPairs(
    changed.map(({ feature, change, before, after }) => {
      const kind = (input: typeof before): string => (input === null ? '' : `${input.encoder.kind} of ${input.type}`)
      if (change !== 'changed') return [feature, `${change}: ${kind(after ?? before)}`]
      return [
        feature,
        kind(before) === kind(after) ? `${kind(after)}, learned anew` : `${kind(before)}, then ${kind(after)}`,
      ]
    }),
  )
}

function settings(c: VersionComparison, colors: Colors): string {
  if (c.settings.length === 0) return ''
  const shown = (value: unknown): string => {
    const text =
      typeof value === 'number' ? significant(value) : typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
    return text.length > 60 ? `${text.slice(0, 59)}…` : text
  }
  const columns = [{ name: 'setting' }, { name: 'before' }, { name: 'after' }]
  return renderTable(
    columns,
    c.settings.map((s) => [s.name, shown(s.before), shown(s.after)]),
    { colors },
  )
}

function scores({ rows, repeated, outputs, label, only }: ScoreMovement, colors: Colors): string {
  const pairs: [string, string][] = [['questions', grouped(rows)]]
  if (repeated > 0)
    pairs.push(['left out', `${grouped(repeated)} rows whose keys and instant are asked more than once`])
  if (label !== undefined) {
    const share = label.rows === 0 ? '' : ` (${significant((100 * label.changed) / label.rows, 3)} %)`
    pairs.push(['labels', `${grouped(label.changed)} of ${grouped(label.rows)} change${share}`])
    for (const { before, after, rows: n } of label.changes.slice(0, 10))
      pairs.push(['', `${before ?? 'none'} to ${after ?? 'none'}: ${grouped(n)}`])
  }
  if (only.before.length + only.after.length > 0)
    pairs.push(['outputs', `${only.before.join(', ') || 'none'} gone, ${only.after.join(', ') || 'none'} new`])
  const columns = [
    { name: 'output' },
    ...numeric(
      'moved',
      'mean before',
      'mean after',
      'shift',
      'sd',
      '1 %',
      '5 %',
      'median',
      '95 %',
      '99 %',
      'largest',
      'keys',
    ),
  ]
  const table = outputs.map((o) => [
    ...[
      o.output,
      grouped(o.moved),
      number(o.meanBefore),
      number(o.meanAfter),
      signed(o.meanShift),
      number(o.standardDeviation, 3),
    ],
    ...['0.01', '0.05', '0.5', '0.95', '0.99'].map((share) => signed(o.quantiles[share])),
    ...[number(o.largest?.difference, 3), o.largest === null ? '' : grouped(o.largest.keys)],
  ])
  const missing = outputs.filter((o) => o.missing.before + o.missing.after + o.missing.both > 0)
  for (const { output, missing: m } of missing)
    pairs.push([
      'no number',
      `${output}: ${grouped(m.before)} before only, ${grouped(m.after)} after only, ${grouped(m.both)} both`,
    ])
  return `${renderPairs(pairs)}${table.length === 0 ? '' : renderTable(columns, table, { colors })}`
}
