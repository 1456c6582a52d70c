/** What a planned change means, for a person: models concerned, predictions moved, what is missing. One line a fact. */
import type {
  AffectedColumn,
  AffectedModel,
  DescribedVersion,
  Insight,
  Interval,
  Movement,
  PlannedChange,
} from '@viewcast/sdk'
import { significant } from './number.ts'
import type { Colors } from './palette.ts'
import { grouped } from './table.ts'

/** Terms of a line, columns that are as they were; the rest is counted, and there with `--json`. */
const most = 4

/**
 * Lines without indentation and without ends; none where nothing was looked at.
 *
 * @param told privileges that an earlier change of the same screen named.
 */
export function insightLines(
  { insight, as }: Pick<PlannedChange, 'insight' | 'as'>,
  colors: Colors,
  told: Set<string> = new Set(),
): readonly string[] {
  if (!insight) return []
  return [
    ...versionLines(insight, colors),
    ...insight.affected.flatMap((model) => affectedLines(model, colors)),
    ...(insight.affected.length > 0 && insight.unchanged.length > 0
      ? [colors.dim(`unchanged: ${listed(insight.unchanged)}`)]
      : []),
    ...coefficientLines(insight),
    ...(insight.movement ? movementLines(insight.movement) : []),
    ...costLines(insight, as),
    ...privilegeLines(insight, colors, told),
    ...insight.indexes.map((text) => `${colors.warning('index')}    ${text}`),
    ...insight.notes.map((text) => `${colors.warning('note')}     ${text}`),
  ]
}

/** {@link insightLines} of the changes of one screen, in order. */
export const insightsOf = (colors: Colors) => {
  const told = new Set<string>()
  return (change: Pick<PlannedChange, 'insight' | 'as'>): readonly string[] => insightLines(change, colors, told)
}

/** What a privilege is granted by; the deployments that want it are many. */
const grantOf = (text: string): string => /: (GRANT .*)$/.exec(text)?.[1] ?? text

/** How many statements would give everything that is missing. */
export const missingGrants = (changes: readonly Pick<PlannedChange, 'insight'>[]): number =>
  new Set(changes.flatMap((c) => c.insight?.privileges.map(grantOf) ?? [])).size

/** One statement mends it for all deployments: what was told of an earlier one is counted. */
function privilegeLines({ privileges }: Insight, { warning, dim }: Colors, told: Set<string>): string[] {
  const fresh = privileges.filter((text) => !told.has(grantOf(text)))
  for (const text of fresh) told.add(grantOf(text))
  const before = privileges.length - fresh.length
  return [
    ...fresh.map((text) => `${warning('missing')}  ${text}`),
    ...(before === 0 ? [] : [`${warning('missing')}  ${dim(`${before} of the privileges above, here too`)}`]),
  ]
}

function affectedLines({ model, version, aliases, columns }: AffectedModel, colors: Colors): string[] {
  const name = `${model}@${version}${aliases.length === 0 ? '' : ` (${aliases.join(', ')})`}`
  return columns.map((c) => {
    const facts = [weights(c), c.share === null ? '' : `share ${percent(c.share)} %`].filter(Boolean).join(', ')
    const told = `${c.column} ${changes[c.change]}: ${colors.bold(name)} ${verbs[c.change]} it${facts === '' ? '' : `, ${facts}`}`
    const learned = trained(c)
    return learned === undefined ? told : `${told}; ${colors.warning(learned)}`
  })
}

const changes: Readonly<Record<AffectedColumn['change'], string>> = {
  changed: 'changed',
  added: 'is new here',
  removed: 'is used no more',
  same: 'is what is deployed',
}
const verbs: Readonly<Record<AffectedColumn['change'], string>> = {
  changed: 'uses',
  added: 'uses',
  removed: 'used',
  same: 'uses',
}

const trained = ({ trainedOn, change }: AffectedColumn): string | undefined =>
  trainedOn === 'another'
    ? 'trained on another definition, train it again'
    : trainedOn === null && change === 'changed'
      ? 'whether it was trained on this definition is not known'
      : undefined

function weights({ coefficients }: AffectedColumn): string {
  const [only, ...more] = coefficients
  if (!only) return ''
  if (more.length === 0) return `weight ${moved(only)}`
  const terms = [...coefficients].sort((a, b) => size(b) - size(a)).map((c) => `${c.term} ${moved(c)}`)
  return `weights ${listed(terms)}`
}

type Term = AffectedColumn['coefficients'][number]

const size = ({ before, after }: Term): number => Math.abs(after ?? before ?? 0)
const number = (value: number | null | undefined): string => significant(value ?? null, 3)

function moved({ before, after }: Term): string {
  if (before === null || after === null || Object.is(before, after)) return number(after ?? before)
  return `${number(before)} → ${number(after)}`
}

const percent = (share: number): string => {
  const text = (share * 100).toFixed(share >= 0.1 ? 0 : 1)
  return share > 0 && Number(text) === 0 ? 'below 0.1' : text
}

const signed = (value: number | null | undefined): string =>
  value != null && value > 0 ? `+${number(value)}` : number(value)

const listed = (all: readonly string[]): string =>
  all.length <= most ? all.join(', ') : `${all.slice(0, most).join(', ')} and ${all.length - most} more`

/** First of all, as all that follows is of two versions. */
function versionLines({ version }: Insight, colors: Colors): string[] {
  if (!version) return []
  const { before, after, sameQuery, sameRows } = version
  const [was, is] = [nameOf(before), nameOf(after)]
  const lines: string[] = []
  if (before.label !== after.label)
    lines.push(
      colors.warning(`${is} predicts ${after.label}, ${was} ${before.label}: predictions answer another question`),
    )
  if (before.family !== after.family || before.link !== after.link)
    lines.push(colors.warning(`${is} is ${kindOf(after)}, ${was} ${kindOf(before)}: predictions have another scale`))
  if (before.threshold !== null && after.threshold !== null && before.threshold !== after.threshold)
    lines.push(`${is} gives the label from ${number(after.threshold)} on, ${was} from ${number(before.threshold)}`)
  const same = `${is} learned from the same ${grouped(after.trainRows)} rows as ${was}`
  const equal = before.trainRows === after.trainRows && sameRows === false ? ' that differ' : ''
  const learned = `${is} learned from ${grouped(after.trainRows)} rows (${day(after)}), ${was} from ${grouped(before.trainRows)}${equal} (${day(before)})`
  return [...lines, `${sameRows === true ? same : learned}${sameQuery ? '' : '; their training queries differ'}`]
}

const nameOf = ({ model, version }: DescribedVersion): string => `${model}@${version}`
const kindOf = ({ family, link }: DescribedVersion): string => `${family} (${link})`
const day = ({ trainedAt }: DescribedVersion): string => trainedAt.slice(0, 10)

function coefficientLines({ coefficients }: Insight): string[] {
  if (!coefficients) return []
  const { changed, of, largest } = coefficients
  if (changed === 0) return [`coefficients: all ${of} are what they were`]
  const terms = largest.map(
    (c) => `${c.term} ${c.before === null ? 'new,' : ''}${c.after === null ? 'gone,' : ''} ${moved(c)}`,
  )
  return [
    `coefficients: ${changed} of ${of} moved, most of all ${terms.map((t) => t.replaceAll(/ +/g, ' ')).join('; ')}`,
  ]
}

function movementLines({ rows, keys, estimates, unmatched, repeated, outputs, label }: Movement): string[] {
  const counts = [
    comparedKeys(rows, keys),
    ...(unmatched.before > 0
      ? [`${grouped(unmatched.before)} that have none any more${ofAll(estimates?.unmatched.before)}`]
      : []),
    ...(unmatched.after > 0 ? [`${grouped(unmatched.after)} that had none${ofAll(estimates?.unmatched.after)}`] : []),
    ...(repeated > 0 ? [`${grouped(repeated)} rows left out, whose key is not theirs alone`] : []),
    ...(label === undefined
      ? []
      : [`${grouped(label.changed)} of ${grouped(label.rows)} labels change${ofAll(estimates?.label)}`]),
  ]
  return [
    `predictions: ${counts.join(', ')}`,
    ...outputs.map((o) => {
      const gone = o.missing.after === 0 ? '' : `; ${grouped(o.missing.after)} have no number any more`
      const come = o.missing.before === 0 ? '' : `; ${grouped(o.missing.before)} had none`
      const own = estimates?.outputs.find((e) => e.output === o.output)
      if (o.moved === 0) return `  ${o.output}: none moved${ofAll(own?.moved)}${gone}${come}`
      const [low, high] = [signed(o.quantiles['0.05']), signed(o.quantiles['0.95'])]
      const spread = o.standardDeviation === null ? '' : `, sd ${number(o.standardDeviation)}`
      const { meanShift } = own ?? {}
      const shift = meanShift
        ? `${signed(o.meanShift)} ± ${significant((meanShift.high - meanShift.low) / 2, 2)}`
        : signed(o.meanShift)
      return `  ${o.output}: ${grouped(o.moved)} moved${ofAll(own?.moved)}, mean ${number(o.meanBefore)} → ${number(o.meanAfter)} (${shift}${spread}), 90 % of them ${low} … ${high}, the furthest${estimates ? ' of the sample' : ''} by ${number(o.largest?.difference)}${gone}${come}`
    }),
  ]
}

function comparedKeys(rows: number, { of, isEstimate, chosen }: Movement['keys']): string {
  if (chosen === 'all') return rows === 1 ? 'the only key compared' : `all ${grouped(rows)} keys compared`
  return `a sample of ${grouped(rows)} of ${isEstimate ? 'about ' : ''}${grouped(Math.round(of))} keys compared (ranges are what it says of all, with 95 % confidence)`
}

const ofAll = (share: Interval | undefined): string => (share ? ` (${range(share)} % of all)` : '')

/** As many digits as tell the ends apart. */
function range({ low, high }: Interval): string {
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(100 * (high - low)))))
  return `${(100 * low).toFixed(low === 0 ? 0 : digits)} … ${(100 * high).toFixed(high === 1 ? 0 : digits)}`
}

function costLines({ cost }: Insight, as: PlannedChange['as']): string[] {
  if (!cost) return []
  const before = cost.before === undefined ? '' : `, ${grouped(Math.round(cost.before))} before`
  const rows = Math.round(cost.rows)
  return [
    `cost ${grouped(Math.round(cost.total))}${before}${as === 'function' ? ' for each call' : `, about ${grouped(rows)} ${rows === 1 ? 'row' : 'rows'}`}`,
  ]
}
