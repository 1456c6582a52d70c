/** What depends on something, for a person. */
import type { Impact, ReachedAsset, ReachedModel } from '@viewcast/sdk'
import type { Colors } from './palette.ts'
import { renderTable } from './table.ts'

/** Columns and coefficients of a line; the rest is counted, and there with `--json`. */
const most = 4

export function renderImpact(impact: Impact, colors: Colors, width: number | undefined): string {
  const { models, assets, dependents, direction } = impact
  if (models.length === 0 && assets.length === 0 && dependents.length === 0) {
    return direction === 'up' ? 'it comes from nothing that is known\n' : 'nothing depends on it\n'
  }
  const parts: string[] = []
  const section = (title: string, text: string): void => {
    parts.push(`${colors.bold(title)}\n${text}`)
  }
  if (models.length > 0) section('Models', modelTable(models, direction, colors, width))
  if (assets.length > 0) section('Assets', assetTable(assets, colors, width))
  if (dependents.length > 0) {
    section('PostgreSQL refuses to drop it because of', dependents.map((d) => `  ${d}\n`).join(''))
  }
  return parts.join('\n')
}

function modelTable(
  models: readonly ReachedModel[],
  direction: Impact['direction'],
  colors: Colors,
  columns: number | undefined,
): string {
  const isDown = direction === 'down'
  const titles = ['model', 'alias', 'deployed as', ...(isDown ? ['score lost'] : []), 'coefficients', 'owner']
  const rows = models.map((m) => [
    m.version === undefined ? m.model : `${m.model} v${m.version}`,
    m.aliases.join(', '),
    m.deployments.join(', '),
    ...(isDown ? [m.share === undefined ? 'unknown' : percent(m.share)] : []),
    listed(m.coefficients.map((c) => (c.value === undefined ? c.name : `${c.name} ${c.value.toPrecision(3)}`))),
    m.owners.join(', '),
  ])
  return renderTable(
    titles.map((name) => ({ name })),
    rows,
    { columns, colors },
  )
}

const kinds: Readonly<Record<ReachedAsset['kind'], string>> = {
  deployment: 'deployment',
  consumer: 'consumer',
  prediction: 'prediction',
  model: 'model',
  dataset: 'dataset',
  feature_view: 'feature view',
  sample: 'sample',
  target: 'target',
  source: 'relation',
}

function assetTable(assets: readonly ReachedAsset[], colors: Colors, columns: number | undefined): string {
  const titles = ['kind', 'name', 'columns', 'how', 'steps', 'owner']
  const several = new Set(assets.flatMap((a) => (a.namespace === 'database' ? [] : [a.namespace]))).size > 1
  const rows = assets.map((a) => [
    a.consumer ?? kinds[a.kind],
    several && a.namespace !== 'database' ? `${a.namespace}: ${a.name}` : a.name,
    listed(a.columns.map((c) => c.name)),
    a.isDirect ? 'made of it' : 'decided by it',
    a.distance,
    a.owners.join(', '),
  ])
  return renderTable(
    titles.map((name) => (name === 'steps' ? { name, type: 'int4' } : { name })),
    rows,
    { columns, colors },
  )
}

const listed = (all: readonly string[]): string =>
  all.length <= most ? all.join(', ') : `${all.slice(0, most).join(', ')} and ${all.length - most} more`

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
