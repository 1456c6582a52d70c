/** Challenges as runs, and what came of them over time. */
import type { Scored } from '../predict/prepared-together.ts'
import { type Challenge, type ChallengeOptions, challenge } from '../report/challenge.ts'
import { logBatch, type MetricPoint } from '../store/runs/batch.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import { atomically, type Store } from '../store/store.ts'
import { recordModelUse } from './model-use.ts'
import { signalOf } from './signal.ts'

/**
 * Compares two versions as {@link challenge} does, as a run of the store that reads both, with their figures as metrics
 * (`agreement`, `shift.probability`, `difference.logLoss`, …) and a row that {@link comparisons} lists.
 */
export async function challengeRecorded(
  store: Store,
  champion: Scored,
  challenger: Scored,
  options: ChallengeOptions = {},
): Promise<Challenge & { readonly run: Run }> {
  const { at, part } = options
  return withRun(
    store,
    {
      kind: 'challenge',
      name: challenger.record.name,
      job: `${challenger.record.name}.challenge`,
      experiment: `${store.project}/${champion.record.name}`,
      params: {
        champion: `${champion.record.name}@${champion.record.version}`,
        challenger: `${challenger.record.name}@${challenger.record.version}`,
        questions: questionsOf(options),
        ...(at === undefined ? {} : { at }),
        ...(part === undefined ? {} : { part }),
      },
      ...signalOf(options),
    },
    async (run) => {
      const found = await challenge(store.db, champion, challenger, options)
      await atomically(store, async (inside) => {
        await recordModelUse(inside, run, champion.record, 'champion')
        await recordModelUse(inside, run, challenger.record, 'challenger')
        await logBatch(inside, run.id, { metrics: metricsOf(found) })
        await keepComparison(inside, run, found, options)
      })
      return { ...found, run: { id: run.id, name: run.name, kind: run.kind, worker: run.worker } }
    },
  )
}

export interface ComparisonEntry {
  /** Of the run. */
  readonly run: string
  readonly at: string
  readonly champion: string
  readonly championVersion: number
  readonly challenger: string
  readonly challengerVersion: number
  readonly questions: 'entities' | 'keys' | 'sample'
  readonly asOf: string | null
  readonly part: string | null
  readonly rows: number
  readonly agreement: number | null
  readonly kappa: number | null
  /** The output whose mean moved farthest. */
  readonly output: string | null
  readonly meanShift: number | null
  readonly standardDeviation: number | null
  readonly spearman: number | null
  readonly distance: number | null
  readonly stability: number | null
  readonly metrics: Challenge['metrics']
  readonly actor: string | null
}

/**
 * The comparisons of a project, the latest first; those of runs that were deleted are left out.
 *
 * @param options.model champion or challenger; all by default. `limit`: default 20.
 */
export async function comparisons(
  { db, project }: Store,
  options: { readonly model?: string; readonly limit?: number } = {},
): Promise<ComparisonEntry[]> {
  return db.rows<ComparisonEntry>(
    `SELECT c.execution_id AS run, c.at, c.champion, c.champion_version AS "championVersion", c.challenger,
            c.challenger_version AS "challengerVersion", c.questions, c.as_of AS "asOf", c.part, c.rows::float8 AS rows,
            c.agreement, c.kappa, c.output, c.mean_shift AS "meanShift", c.standard_deviation AS "standardDeviation",
            c.spearman, c.distance, c.stability, c.figures -> 'metrics' AS metrics, c.actor
     FROM viewcast.comparison c JOIN viewcast.execution e ON e.id = c.execution_id
     WHERE c.project = $1 AND ($2::text IS NULL OR c.champion = $2 OR c.challenger = $2) AND e.lifecycle = 'active'
     ORDER BY c.at DESC, c.id DESC LIMIT $3`,
    [project, options.model ?? null, options.limit ?? 20],
  )
}

const questionsOf = ({ keys, spine }: ChallengeOptions): ComparisonEntry['questions'] =>
  keys !== undefined ? 'keys' : (spine ?? 'entities')

/** The output whose mean moved farthest. */
const farthest = ({ outputs }: Challenge): Challenge['outputs'][number] | undefined =>
  [...outputs].sort((a, b) => Math.abs(b.meanShift ?? 0) - Math.abs(a.meanShift ?? 0))[0]

function metricsOf(found: Challenge): MetricPoint[] {
  const points: readonly (readonly [string, number | null | undefined])[] = [
    ['rows.compared', found.rows],
    ['agreement', found.label?.agreement],
    ['kappa', found.label?.kappa],
    ...found.outputs.flatMap((o) => [
      [`shift.${o.output}`, o.meanShift] as const,
      [`spearman.${o.output}`, o.spearman] as const,
      [`stability.${o.output}`, o.stability] as const,
    ]),
    ...found.metrics.flatMap((m) => [
      [`champion.${m.metric}`, m.champion] as const,
      [`challenger.${m.metric}`, m.challenger] as const,
      [`difference.${m.metric}`, m.difference] as const,
    ]),
  ]
  return points.flatMap(([name, value]) => (value === null || value === undefined ? [] : [{ name, value }]))
}

async function keepComparison(store: Store, run: Run, found: Challenge, options: ChallengeOptions): Promise<void> {
  const { champion, challenger, rows, outputs, label, metrics, discordant } = found
  const most = farthest(found)
  const isInstant = questionsOf(options) !== 'sample'
  await store.db.query(
    `INSERT INTO viewcast.comparison
       (execution_id, project, champion, champion_version, challenger, challenger_version, questions, as_of, part, rows,
        agreement, kappa, output, mean_shift, standard_deviation, spearman, distance, stability, figures, actor)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19::jsonb, $20)`,
    [
      run.id,
      store.project,
      champion.model,
      champion.version,
      challenger.model,
      challenger.version,
      questionsOf(options),
      (isInstant ? options.at : undefined) ?? null,
      found.part ?? null,
      rows,
      label?.agreement ?? null,
      label?.kappa ?? null,
      most?.output ?? null,
      most?.meanShift ?? null,
      most?.standardDeviation ?? null,
      most?.spearman ?? null,
      most?.distance ?? null,
      most?.stability ?? null,
      JSON.stringify({ outputs, label, metrics, discordant }),
      store.actor,
    ],
  )
}
