/** A challenge as a person reads it: who agrees with whom, how far the scores move, who is right. */
import type { Challenge, ScoreComparison } from '@viewcast/sdk'
import { significant } from './number.ts'
import type { Colors } from './palette.ts'
import { grouped, renderPairs, renderTable } from './table.ts'

export function challengeReport(
  found: Challenge,
  { broken, colors }: { readonly broken: readonly string[]; readonly colors: Colors },
): string {
  const headed = (title: string, text: string): string[] => (text === '' ? [] : [`${colors.bold(title)}\n${text}`])
  return [
    head(found),
    ...headed('labels', labels(found, colors)),
    ...headed('scores', scores(found, colors)),
    ...found.outputs.slice(0, 1).flatMap((o) => headed(`by tenths of ${o.output}`, tenths(o, colors))),
    ...headed('metrics', metrics(found, colors)),
    ...broken.map((limit) => `${colors.error('failed')}  ${limit}\n`),
  ].join('\n')
}

const title = ({ model, version }: Challenge['champion']): string => `${model} version ${version}`
const number = (value: number | null | undefined, digits = 4): string => significant(value ?? null, digits)
const signed = (value: number | null | undefined, digits = 3): string => {
  const text = number(value, digits)
  return value != null && value > 0 ? `+${text}` : text
}
const numeric = (...names: readonly string[]) => names.map((name) => ({ name, type: 'float8' }))

function head(found: Challenge): string {
  const { label } = found
  return renderPairs([
    ['champion', title(found.champion)],
    ['challenger', title(found.challenger)],
    ['questions', `${grouped(found.rows)}${found.part === undefined ? '' : ` of the sample (${found.part})`}`],
    ...(label === undefined || label.agreement === null
      ? []
      : [
          [
            'agreement',
            `${number(100 * label.agreement)} % of ${grouped(label.rows)} labels${label.kappa === null ? '' : `, kappa ${number(label.kappa)}`}`,
          ] as const,
        ]),
  ])
}

const mostChanges = 10

function labels({ label }: Challenge, colors: Colors): string {
  const rows = (label?.confusion ?? []).slice(0, mostChanges)
  const columns = [{ name: 'champion' }, { name: 'challenger' }, ...numeric('rows')]
  const table = rows.map((c) => [c.champion ?? 'none', c.challenger ?? 'none', grouped(c.rows)])
  return rows.length === 0 ? '' : renderTable(columns, table, { colors })
}

function scores({ outputs }: Challenge, colors: Colors): string {
  if (outputs.length === 0) return ''
  const columns = [
    { name: 'output' },
    ...numeric('moved', 'champion', 'challenger', 'shift', 'sd', '5 %', 'median', '95 %', 'largest'),
    ...numeric('pearson', 'spearman', 'distance', 'stability'),
  ]
  const table = outputs.map((o) => [
    ...[o.output, grouped(o.moved), number(o.championMean), number(o.challengerMean), signed(o.meanShift)],
    number(o.standardDeviation, 3),
    ...['0.05', '0.5', '0.95'].map((share) => signed(o.quantiles[share])),
    ...[number(o.largest, 3), number(o.pearson), number(o.spearman), number(o.distance, 3), number(o.stability, 3)],
  ])
  const missing = outputs.flatMap(({ output, missing: m }): [string, string][] =>
    m.champion + m.challenger + m.both === 0
      ? []
      : [
          [
            'no number',
            `${output}: ${grouped(m.champion)} of the champion only, ${grouped(m.challenger)} of the challenger only, ${grouped(m.both)} of both`,
          ],
        ],
  )
  return `${renderTable(columns, table, { colors })}${renderPairs(missing)}`
}

function tenths({ deciles }: ScoreComparison, colors: Colors): string {
  if (deciles.length < 2) return ''
  const [some] = deciles
  const isLabelled = some?.agreement != null
  const isKnown = deciles.some((d) => d.observed !== null)
  const columns = numeric(
    ...['tenth', 'rows', 'from', 'to', 'champion', 'challenger'],
    ...(isLabelled ? ['agreement'] : []),
    ...(isKnown ? ['observed'] : []),
  )
  const table = deciles.map((d) => [
    ...[String(d.decile), grouped(d.rows), number(d.least), number(d.greatest)],
    ...[number(d.championMean), number(d.challengerMean)],
    ...(isLabelled ? [number(d.agreement)] : []),
    ...(isKnown ? [number(d.observed)] : []),
  ])
  return renderTable(columns, table, { colors })
}

function metrics({ metrics: found, discordant }: Challenge, colors: Colors): string {
  if (found.length === 0) return ''
  const columns = [{ name: 'metric' }, ...numeric('rows', 'champion', 'challenger', 'difference', 'std. error', 'p')]
  const table = found.map((m) => [
    ...[m.metric, grouped(m.rows), number(m.champion), number(m.challenger)],
    ...[signed(m.difference), number(m.standardError, 3), number(m.pValue, 3)],
  ])
  const right: [string, string][] =
    discordant === undefined
      ? []
      : [
          [
            'right alone',
            `the champion in ${grouped(discordant.champion)} rows, the challenger in ${grouped(discordant.challenger)}`,
          ],
        ]
  return `${renderTable(columns, table, { colors })}${renderPairs(right)}`
}
