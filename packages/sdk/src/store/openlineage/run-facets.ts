/** What is said of a run and of its job. */
import type { Facets } from './event.ts'
import { collected, type MakeFacet, present } from './facet.ts'
import { jobName, type Naming, sdkVersion } from './naming.ts'
import type { CheckRow, RunRow, VersionRow } from './run-rows.ts'

export function runFacets(
  run: RunRow,
  checks: readonly CheckRow[],
  engine: 'pglite' | 'postgres',
  naming: Naming,
  facet: MakeFacet,
): Facets {
  const { params, tags, metrics } = run
  return collected({
    processing_engine: facet('processing_engine', {
      name: engine === 'pglite' ? 'PGlite' : 'PostgreSQL',
      version: naming.serverVersion,
      openlineageAdapterVersion: sdkVersion(),
    }),
    viewcast_run: facet('viewcast_run', {
      kind: run.kind,
      name: run.name,
      state: run.state,
      experiment: run.experiment,
      user: run.user_name,
      note: run.note,
    }),
    parent: parentFacet(run, naming, facet),
    nominalTime: run.nominal === null ? undefined : facet('nominalTime', { nominalStartTime: run.nominal }),
    errorMessage: errorFacet(run, facet),
    executionParameters:
      params.length === 0
        ? undefined
        : facet('executionParameters', { parameters: params.map(({ key, value }) => ({ key, value })) }),
    viewcast_params:
      params.length === 0 ? undefined : facet('viewcast_params', { params: params.map((p) => present({ ...p })) }),
    viewcast_metrics:
      metrics.length === 0 ? undefined : facet('viewcast_metrics', { metrics: metrics.map((m) => present(m)) }),
    tags:
      tags.length === 0
        ? undefined
        : facet('runTags', { tags: tags.map(({ key, value }) => ({ key, value, source: 'USER' })) }),
    test:
      checks.length === 0
        ? undefined
        : facet('test', {
            tests: checks.map((c) => ({
              name: c.column_name === '' ? `${c.name} of ${c.asset}` : `${c.name} of ${c.asset}.${c.column_name}`,
              status: c.passed ? 'pass' : 'fail',
              severity: c.severity,
              type: c.name,
              params: c.detail,
            })),
          }),
  })
}

function parentFacet({ ancestors }: RunRow, naming: Naming, facet: MakeFacet) {
  const named = (a: RunRow['ancestors'][number]) => ({
    run: { runId: a.id },
    job: { namespace: a.namespace ?? naming.namespace, name: jobName(a) },
  })
  const parent = ancestors[0]
  const root = ancestors.at(-1)
  return parent && root ? facet('parent', { ...named(parent), root: named(root) }) : undefined
}

/** The store keeps errors without secrets and without values of rows; nothing is added to that here. */
function errorFacet({ error, state }: RunRow, facet: MakeFacet) {
  const { message, codes } = error ?? {}
  if (typeof message === 'string') {
    const named = Array.isArray(codes) && codes.length > 0 ? `${codes.join(', ')}: ${message}` : message
    return facet('errorMessage', { message: named, programmingLanguage: 'TypeScript' })
  }
  if (state !== 'lost') return undefined
  return facet('errorMessage', {
    message: 'The process of the run gave no sign of life; whether its work was done is not known.',
    programmingLanguage: 'TypeScript',
  })
}

export function jobFacets(run: RunRow, versions: readonly VersionRow[], facet: MakeFacet): Facets {
  const query = queryOf(run.kind, versions)
  const url = sourceUrl(run)
  return collected({
    jobType: facet('jobType', { processingType: 'BATCH', integration: 'VIEWCAST', jobType: run.kind.toUpperCase() }),
    sql: query === undefined ? undefined : facet('sql', { query, dialect: 'postgres' }),
    sourceCodeLocation:
      url === undefined
        ? undefined
        : facet('sourceCodeLocation', {
            type: 'git',
            url,
            repoUrl: withoutUser(run.source_uri ?? ''),
            version: run.source_version,
          }),
  })
}

/** The text that a deployment holds; the query that a model was trained or predicts by; else that of a dataset. */
function queryOf(kind: string, versions: readonly VersionRow[]): string | undefined {
  const deployed = versions.map((v) => (v.kind === 'deployment' ? v.props['sql'] : undefined)).find(Boolean)
  if (typeof deployed === 'string') return deployed
  const models = versions.filter((v) => v.kind === 'model')
  const training = models.find((v) => v.direction === 'out')?.training_sql
  const prediction = kind === 'train' || kind === 'select' ? undefined : models.find((v) => v.prediction_sql)
  const dataset = versions.find((v) => v.query !== null)
  return training ?? prediction?.prediction_sql ?? dataset?.query ?? undefined
}

/** The page of the commit: `git@host:org/repo.git` is `https://host/org/repo`. No URL of a local path. */
function sourceUrl({ source_uri, source_version }: RunRow): string | undefined {
  if (source_uri === null) return undefined
  const scp = /^(?:[^@/\s]+@)?([^:/\s]{2,}):(?!\/)(\S+)$/.exec(source_uri)
  const text = scp ? `https://${scp[1]}/${scp[2]}` : source_uri.replace(/^ssh:/i, 'https:')
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  // The port is that of the other protocol.
  if (/^ssh:/i.test(source_uri)) url.port = ''
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  const page = url.href.replace(/\/+$/, '').replace(/\.git$/, '')
  return source_version === null ? page : `${page}/tree/${source_version}`
}

const withoutUser = (uri: string): string =>
  uri.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
