/** How well each feature alone tells the label. One that tells it almost perfectly is the label in disguise. */
import {
  type BoundDataset,
  type Column,
  trainingQuery as compileTrainingQuery,
  type Facts,
  featureKind,
  type SampleDef,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { numberOf } from '../../database/number-batch.ts'
import { type LeakFinding, type LeakPart, viewOf } from './finding.ts'
import { strengthOf } from './strength.ts'

export interface SingleFeatureOptions {
  /** Label that is told; default the target's first column. */
  readonly label?: string
  /** AUC (or absolute rank correlation, for a label with many values) from which a feature is too good. Default 0.95. */
  readonly tooGood?: number
  /** Rows looked at, chosen by a hash of the keys. Default 20,000. */
  readonly sampleRows?: number
  readonly signal?: AbortSignal
}

/** Each feature's strength alone, strongest first. */
export interface FeatureStrength {
  readonly feature: string
  readonly measure: 'AUC' | 'rank correlation'
  /** 0.5 to 1 for AUC, 0 to 1 for the rank correlation. */
  readonly value: number
  /** Of the values, or of whether there is one. */
  readonly of: 'value' | 'presence'
}

/** Errors: what compiling the dataset finds. */
export async function singleFeatures(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  options: SingleFeatureOptions = {},
): Promise<LeakPart & { readonly strengths: readonly FeatureStrength[] }> {
  const label = bound.labels.find((l) => l.name === options.label) ?? bound.labels[0]
  const features: Column[] = [...bound.features, ...bound.extras].map((f) => ({ ...f, nullable: true }))
  if (!label || features.length === 0) return { ...quiet('the dataset has no label or no features'), strengths: [] }
  const tooGood = options.tooGood ?? 0.95
  const { labels, columns } = await collected(db, bound, facts, label.name, features, options)
  const strengths = features
    .flatMap((f, i): FeatureStrength[] => {
      const strength = strengthOf(columns[i] ?? [], featureKind(f.type, f.isEnum) === 'category', labels)
      return strength === undefined ? [] : [{ feature: f.name, ...strength }]
    })
    .sort((a, b) => b.value - a.value)
  const findings = strengths
    .filter((s) => s.value >= tooGood)
    .map((s): LeakFinding => {
      const what = s.of === 'presence' ? 'whether it is NULL' : 'it'
      return {
        kind: 'too-good',
        view: viewOf(bound, s.feature),
        column: s.feature,
        sources: [],
        detail: `${what} alone tells ${label.name} with ${s.measure} ${s.value.toFixed(3)} over ${labels.length} rows`,
        hint: `Follow it with viewcast lineage ${bound.dataset.name}.${s.feature}: it may be the outcome itself, or made after it.`,
      }
    })
  const best = strengths[0]
  const detail =
    findings.length > 0
      ? `${findings.map((f) => f.column).join(', ')} at or above ${tooGood}`
      : best === undefined
        ? `no feature could be measured on ${labels.length} rows`
        : `strongest ${best.feature}, ${best.measure} ${best.value.toFixed(3)} over ${labels.length} rows`
  const check = { name: 'too-good' as const, ok: findings.length === 0, ran: best !== undefined, detail }
  return { check, findings, strengths }
}

const quiet = (detail: string): LeakPart => ({
  check: { name: 'too-good', ok: true, ran: false, detail },
  findings: [],
})

interface Collected {
  readonly labels: readonly number[]
  /** Per feature: numbers (NaN when missing), or texts (null when missing) for categories. */
  readonly columns: readonly (readonly (number | string | null)[])[]
}

async function collected(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  label: string,
  features: readonly Column[],
  options: SingleFeatureOptions,
): Promise<Collected> {
  const thin = await thinned(db, bound, facts, options.sampleRows ?? 20_000)
  const query = compileTrainingQuery(thin.dataset, thin.facts)
  const place = new Map(query.columns.map((c, i) => [c.name, i]))
  const labelAt = place.get(label) ?? -1
  const labels: number[] = []
  const columns = features.map((): (number | string | null)[] => [])
  const kinds = features.map((f) => featureKind(f.type, f.isEnum))
  for await (const batch of db.stream(query.sql, options.signal ? { signal: options.signal } : {})) {
    for (const row of batch) {
      const y = truth(row[labelAt])
      if (Number.isNaN(y)) continue
      labels.push(y)
      features.forEach((f, i) => {
        const value = row[place.get(f.name) ?? -1]
        const kind = kinds[i]
        columns[i]?.push(
          kind === 'category' ? (value === null ? null : String(value)) : kind ? truth(value) : Number.NaN,
        )
      })
    }
  }
  return { labels, columns }
}

const truth = (value: unknown): number => (typeof value === 'boolean' ? Number(value) : numberOf(value))

/** The dataset over a share of its sample: the same rows each time, chosen before any view is asked. */
async function thinned(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  wanted: number,
): Promise<{ readonly dataset: BoundDataset['dataset']; readonly facts: Facts }> {
  const { dataset } = bound
  const { target: _, ...rest } = dataset
  const own = compileTrainingQuery({ ...rest, features: [] }, facts).sql
  const [count] = await db.rows<{ n: string }>(`SELECT count(*) AS n FROM (\n${own}\n) AS q`)
  const rows = Number(count?.n ?? 0)
  if (rows <= wanted) return { dataset, facts }
  const share = Math.max(1, Math.floor((wanted / rows) * 2 ** 31))
  const names = bound.sampleColumns.map((c) => `"${c.name.replaceAll('"', '""')}"`)
  const text =
    `SELECT ${names.join(', ')} FROM (\n${own}\n) AS q ` +
    `WHERE (hashtextextended(ROW(${names.join(', ')})::text, 0) & 2147483647) < ${share}`
  const sample: SampleDef = { ...dataset.sample, query: { kind: 'sql', text, origin: { kind: 'generated' } } }
  return {
    dataset: { ...dataset, sample },
    facts: { ...facts, columns: (d) => facts.columns(d === sample ? dataset.sample : d) },
  }
}
