/**
 * The aggregates of a comparison as one statement of one row: the models are scored once, and no row leaves the database.
 *
 * What is no finite number, or beyond 1e70, counts as missing: its square, squared again, would be an error.
 */
import {
  type ComparedOutput,
  type ComparisonQuery,
  type LabelKind,
  labelKind,
  type ModelRecord,
  outputName,
  outputs,
  printLiteral,
  quoteIdentifier,
  quoteText,
} from '@viewcast/compiler'
import { logLossClip } from '../train/measure/metrics.ts'
import { area, confusion, deciles, discordant, movement, paired, squared } from './challenge-aggregates.ts'
import type { EvaluatedPart } from './scored-rows.ts'

export interface ChallengeStatement {
  readonly sql: string
  /** Numbers that both give, in the order of the columns `movement_0`, `movement_1`, … of the result. */
  readonly outputs: readonly string[]
  /** Losses of both, in the order of `loss_0`, `loss_1`, …. */
  readonly losses: readonly string[]
  /** Columns of the result, each JSON. */
  readonly columns: readonly string[]
}

interface Loss {
  readonly metric: string
  readonly champion: string
  readonly challenger: string
}

/** `records` have the outputs that were compiled; `part` is that of the sample, where its rows are the questions. */
export function challengeStatement(
  compared: ComparisonQuery,
  [champion, challenger]: readonly [ModelRecord, ModelRecord],
  part: EvaluatedPart | undefined,
): ChallengeStatement {
  const { known, champion: ours } = compared
  const [theirs = []] = compared.challengers
  const pairs = ours.flatMap((p) => {
    const q = theirs.find((o) => o.output === p.output && o.type === p.type)
    return p.type === 'float8' && q ? [{ output: p.output, p, q }] : []
  })
  const kind = labelKind(champion.family)
  const isSameKind = kind === labelKind(challenger.family)
  const of = (name: string) => [ours, theirs].map((some) => some.find((o) => o.output === name))
  const [a, b] = of('label')
  const isLabelled = isSameKind && a !== undefined && b !== undefined
  const [s, t] = [ours, theirs].map((some, i) => some.find((o) => o.output === valueName([champion, challenger], i)))
  const isMeasured = isSameKind && known?.label !== undefined && champion.label === challenger.label
  const said = [
    ...pairs.flatMap(({ p, q }, i) => [`${number(p)} AS p${i}`, `${number(q)} AS q${i}`]),
    ...(isLabelled ? [`${column(a)}::text AS a`, `${column(b)}::text AS b`] : []),
    ...(s && t ? [`${number(s)} AS s`, `${number(t)} AS t`] : []),
    ...(isMeasured && known.label ? [`${labelled(kind, known.label)} AS y`] : []),
    `${known?.weight === undefined ? '1::float8' : `c.${quoteIdentifier(known.weight)}`} AS w`,
  ]
  const losses = isMeasured ? lossesOf([champion, challenger], pairs, isLabelled) : []
  const accuracy = losses.findIndex((l) => l.metric === 'accuracy')
  const found: (readonly [string, string])[] = [
    ['rows', '(SELECT to_jsonb(count(*)) FROM _rows)'],
    ...pairs.map((_, i) => [`movement_${i}`, movement(`p${i}`, `q${i}`)] as const),
    ...pairs.map(
      (_, i) => [`deciles_${i}`, deciles(`p${i}`, `q${i}`, isLabelled, isMeasured && kind !== 'class')] as const,
    ),
    ...(isLabelled ? [['confusion', confusion] as const] : []),
    ...losses.map((_, i) => [`loss_${i}`, paired(`l${i}`, `m${i}`)] as const),
    ...(accuracy < 0 ? [] : [['discordant', discordant(`l${accuracy}`, `m${accuracy}`)] as const]),
    ...(isMeasured && kind === 'outcome' && s && t ? [['area', area] as const] : []),
  ]
  const lost = losses.flatMap((l, i) => [`${l.champion} AS l${i}`, `${l.challenger} AS m${i}`])
  const sql = [
    `WITH _compared AS (\n${compared.sql}\n),`,
    `_said AS (\nSELECT ${said.join(',\n  ')}\nFROM _compared AS c${filter(compared, part)}\n),`,
    `_rows AS MATERIALIZED (\nSELECT ${['r.*', ...lost].join(',\n  ')}\nFROM _said AS r\n)`,
    `SELECT ${found.map(([name, value]) => `${value} AS ${name}`).join(',\n')}`,
  ].join('\n')
  return {
    sql,
    outputs: pairs.map(({ output }) => output),
    losses: losses.map((l) => l.metric),
    columns: found.map(([name]) => name),
  }
}

/** The number that orders rows from one outcome to the other. */
function valueName(records: readonly ModelRecord[], i: number): string | undefined {
  const family = records[i]?.family
  return family === undefined || labelKind(family) !== 'outcome' ? undefined : outputName(family)
}

const column = ({ column: name }: ComparedOutput): string => `c.${quoteIdentifier(name)}`
const usable = (x: string): string => `CASE WHEN abs(${x}) <= 1e70::float8 THEN ${x} END`
const number = (o: ComparedOutput): string => usable(column(o))

function labelled(kind: LabelKind, { column: name, type }: { readonly column: string; readonly type: string }): string {
  const y = `c.${quoteIdentifier(name)}`
  if (kind === 'class') return `${y}::text`
  return type === 'bool' ? `${y}::int4::float8` : usable(`${y}::float8`)
}

/** Rows that count, of the part asked for; without a split all of them are for training. */
function filter({ known }: ComparisonQuery, part: EvaluatedPart | undefined): string {
  if (known === undefined) return ''
  const split = known.split === undefined ? undefined : `c.${quoteIdentifier(known.split)}`
  const ofPart =
    part === undefined || part === 'all'
      ? []
      : split === undefined
        ? part === 'train'
          ? []
          : ['false']
        : [`${split} = ${quoteText(part)}`]
  const weight = known.weight === undefined ? undefined : `c.${quoteIdentifier(known.weight)}`
  const counted = weight === undefined ? [] : [`${weight} > 0::float8`, `${weight} < 'Infinity'::float8`]
  const conditions = [...ofPart, ...counted]
  return conditions.length === 0 ? '' : `\nWHERE ${conditions.join(' AND ')}`
}

function lossesOf(
  [champion, challenger]: readonly [ModelRecord, ModelRecord],
  pairs: readonly { readonly output: string }[],
  isLabelled: boolean,
): Loss[] {
  const kind = labelKind(champion.family)
  const both = (metric: string, of: (prefix: 'p' | 'q', label: 'a' | 'b') => string): Loss => ({
    metric,
    champion: of('p', 'a'),
    challenger: of('q', 'b'),
  })
  const place = (output: string): number => pairs.findIndex((p) => p.output === output)
  if (kind === 'number') {
    const i = place('prediction')
    if (i < 0) return []
    return [both('mse', (x) => squared(`r.${x}${i} - r.y`)), both('mae', (x) => `abs(r.${x}${i} - r.y)`)]
  }
  const accuracy = isLabelled ? [both('accuracy', (_, said) => right(kind, said))] : []
  if (kind === 'outcome') {
    const i = place('probability')
    if (i < 0 || champion.family !== 'binomial' || challenger.family !== 'binomial') return accuracy
    const happened = (x: string) => `CASE r.y WHEN 1::float8 THEN r.${x} WHEN 0::float8 THEN 1::float8 - r.${x} END`
    return [
      both('logLoss', (x) => logarithmic(happened(`${x}${i}`))),
      both('brier', (x) => squared(`r.${x}${i} - r.y`)),
      ...accuracy,
    ]
  }
  const classes = champion.classes ?? []
  const probabilities = outputs(champion).flatMap((o) => (o.name === 'label' ? [] : [o.name]))
  const places = classes.map((_, k) => place(probabilities[k] ?? ''))
  const isSame = JSON.stringify(classes) === JSON.stringify(challenger.classes) && !places.includes(-1)
  if (!isSame) return accuracy
  const arms = (x: string) => classes.map((c, k) => `WHEN ${quoteText(c)} THEN r.${x}${places[k]}`).join(' ')
  return [both('logLoss', (x) => logarithmic(`CASE r.y ${arms(x)} END`)), ...accuracy]
}

function right(kind: LabelKind, said: 'a' | 'b'): string {
  const truth = kind === 'class' ? 'r.y' : `CASE r.y WHEN 1::float8 THEN 'true' WHEN 0::float8 THEN 'false' END`
  return `(r.${said} = ${truth})::int4::float8`
}

const [low, high] = [logLossClip, 1 - logLossClip].map((p) => printLiteral(p, 'float8'))
const logarithmic = (p: string): string =>
  `- ln(CASE WHEN ${p} < ${low} THEN ${low} WHEN ${p} > ${high} THEN ${high} ELSE ${p} END)`
