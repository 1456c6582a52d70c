/** A page of the catalog for a person. */
import type { CatalogChange, CatalogPage, Drift, EntryColumn, Freshness, Sla } from '@viewcast/sdk'
import type { Colors } from './palette.ts'
import { renderPairs, renderTable } from './table.ts'

export function renderCatalogPage(page: CatalogPage, colors: Colors, width: number | undefined): string {
  const parts = [head(page, colors)]
  const section = (title: string, text: string): void => {
    if (text !== '') parts.push(`${colors.bold(title)}\n${text}`)
  }
  const shownColumns = page.column === null ? page.columns : page.columns.filter((c) => c.name === page.column)
  section(page.column === null ? 'Columns' : 'Column', columnTable(shownColumns, colors, width))
  section('Made of', neighbours(page.upstream))
  section('Read by', neighbours(page.downstream))
  section('Used by', neighbours(page.usedBy))
  section(
    'Related',
    page.related.map((r) => `  ${kindOf(r.kind)} ${r.name}  ${colors.dim(r.shares.join(', '))}\n`).join(''),
  )
  section('Versions', versionTable(page, colors, width))
  section('Checks', checkLines(page, colors))
  section('Freshness', freshnessText(page, colors, width))
  section('Drift', page.drift.map((d) => `  ${driftText(d)}\n`).join(''))
  section('Changes', changeTable(page.changes, colors, width))
  return parts.join('\n')
}

const kindOf = (kind: string): string => kind.replace('_', ' ')

function head(page: CatalogPage, colors: Colors): string {
  const { texts, props, from } = page
  const by = (field: string): string => (from[field] === 'declared' ? '' : colors.dim(`  (${from[field]})`))
  const pairs: [string, string][] = [
    ['kind', kindOf(page.kind) + (props.form ? `, ${props.form}` : '')],
    ['description', texts.description === undefined ? '' : `${oneLine(texts.description)}${by('description')}`],
    ['owner', texts.owners === undefined ? '' : `${texts.owners.join(', ')}${by('owners')}`],
    ['tags', texts.tags === undefined ? '' : `${texts.tags.join(', ')}${by('tags')}`],
    ['changes', texts.updateFrequency === undefined ? '' : `${texts.updateFrequency}${by('updateFrequency')}`],
    ['SLA', texts.sla === undefined ? '' : `${slaOf(texts.sla)}${by('sla')}`],
    ['entity', props.entity ? entityText(props.entity) : ''],
    ['label', props.label ?? ''],
    ['family', props.family ?? ''],
    ['url', props.url ?? ''],
    ['gone', page.goneAt === null ? '' : colors.warning(`since ${page.goneAt}`)],
  ]
  return `${colors.bold(page.name)}\n${renderPairs(
    pairs.filter(([, value]) => value !== ''),
    '  ',
  )}`
}

function entityText(e: NonNullable<CatalogPage['props']['entity']>): string {
  const words = [oneLine(e.description ?? ''), (e.owners ?? []).join(', ')].filter((t) => t !== '')
  return [`${e.name} (${e.keys.join(', ')})`, ...words].join(', ')
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const slaOf = (sla: Sla): string =>
  [
    ...(sla.warnAfter === undefined ? [] : [`warn after ${sla.warnAfter}`]),
    ...(sla.errorAfter === undefined ? [] : [`error after ${sla.errorAfter}`]),
  ].join(', ')

function columnTable(columns: readonly EntryColumn[], colors: Colors, width: number | undefined): string {
  if (columns.length === 0) return ''
  return renderTable(
    ['column', 'type', 'null', 'description', 'said by'].map((name) => ({ name })),
    columns.map((c) => [
      c.droppedAt === null ? c.name : `${c.name} (gone)`,
      c.type ?? '',
      c.nullable === null ? '' : c.nullable ? 'yes' : 'no',
      [
        oneLine(c.texts.description ?? ''),
        c.texts.unit ? `in ${c.texts.unit}` : '',
        ...(c.texts.tags ?? []).map((t) => `#${t}`),
      ]
        .filter((t) => t !== '')
        .join(', '),
      c.from['description'] ?? '',
    ]),
    { columns: width, colors },
  )
}

const neighbours = (items: CatalogPage['upstream']): string =>
  items
    .map((n) => `  ${kindOf(n.kind)} ${n.name}${n.owners.length === 0 ? '' : `  (${n.owners.join(', ')})`}\n`)
    .join('')

function versionTable(page: CatalogPage, colors: Colors, columns: number | undefined): string {
  if (page.versions.length === 0) return ''
  return renderTable(
    [{ name: 'version', type: 'int4' }, { name: 'made' }, { name: 'by' }, { name: 'aliases' }],
    page.versions.map((v) => [v.version, v.createdAt.slice(0, 19), v.createdBy ?? '', v.aliases.join(', ')]),
    { columns, colors },
  )
}

const checkLines = (page: CatalogPage, colors: Colors): string =>
  page.checks
    .map((c) => {
      const mark = c.passed
        ? colors.good('passed')
        : c.severity === 'error'
          ? colors.error('failed')
          : colors.warning('warned')
      return `  ${mark}  ${c.name}${c.column === null ? '' : ` of ${c.column}`}  ${colors.dim(c.at.slice(0, 19))}\n`
    })
    .join('')

function freshnessText(page: CatalogPage, colors: Colors, width: number | undefined): string {
  const { freshness, lastFreshness } = page
  if (freshness === null) {
    return lastFreshness === null
      ? ''
      : `  ${paint(lastFreshness.status, colors)}  ${ageText(lastFreshness.ageSeconds)}  ${colors.dim(`as of ${lastFreshness.at.slice(0, 19)}`)}\n`
  }
  if (freshness.sources.length === 0) return ''
  const late = freshness.late === null ? '' : `  late: ${freshness.late}`
  const summary = `  ${paint(freshness.status, colors)}  ${ageText(freshness.ageSeconds)}${late}\n`
  return summary + sourceTable(freshness, colors, width)
}

const sourceTable = (f: Freshness, colors: Colors, columns: number | undefined): string =>
  renderTable(
    ['source', 'time', 'newest', 'status', 'why'].map((name) => ({ name })),
    f.sources.map((s) => [s.name, s.time ?? '', s.newest?.slice(0, 19) ?? '', s.status, s.reason ?? '']),
    { columns, colors },
  )

const paint = (status: string, colors: Colors): string =>
  status === 'pass'
    ? colors.good(status)
    : status === 'error'
      ? colors.error(status)
      : status === 'warn'
        ? colors.warning(status)
        : colors.dim(status)

function ageText(seconds: number | null): string {
  if (seconds === null) return ''
  const s = Math.abs(seconds)
  const [n, unit] =
    s < 120 ? [s, 'seconds'] : s < 7200 ? [s / 60, 'minutes'] : s < 172_800 ? [s / 3600, 'hours'] : [s / 86_400, 'days']
  return `${Math.round(n)} ${unit} ${seconds < 0 ? 'ahead' : 'old'}`
}

function driftText(d: Drift): string {
  const what = [d.column === undefined ? '' : `column ${d.column}`, d.field ?? ''].filter((t) => t !== '').join(', ')
  const catalog = valueText(d.catalog)
  const other = valueText(d.other)
  switch (d.kind) {
    case 'hidden-edit':
      return `${what}: the edit ${other} does not show; the code says ${catalog}`
    case 'comment':
      return `${what}: the comment of the database is ${other}; the catalog has ${catalog}`
    case 'gone':
      return d.catalog === null ? 'it is gone since the last synchronisation' : `it is gone since ${String(d.catalog)}`
    case 'column-gone':
      return `${what} (${catalog}) is gone`
    case 'column-new':
      return `${what} (${other}) is new`
    case 'type':
      return `${what} is ${other} now, and was ${catalog}`
    case 'nullable':
      return d.other === null
        ? `${what}: whether it can be null is not known any more`
        : `${what} ${d.other === true ? 'can' : 'cannot'} be null now`
    case 'declaration':
      return `${what}: the code says ${other} now; the catalog has ${catalog}`
  }
}

const valueText = (value: unknown): string =>
  value === null || value === undefined
    ? 'nothing'
    : typeof value === 'string'
      ? `"${oneLine(value)}"`
      : JSON.stringify(value)

function changeTable(changes: readonly CatalogChange[], colors: Colors, columns: number | undefined): string {
  if (changes.length === 0) return ''
  return renderTable(
    ['at', 'who', 'what', 'before', 'after'].map((name) => ({ name })),
    changes.map((c) => [
      c.at.slice(0, 19),
      c.actor ?? '',
      [c.layer, c.column ?? '', c.field].filter((t) => t !== '').join(' '),
      c.before === null ? '' : valueText(c.before),
      c.after === null ? '' : valueText(c.after),
    ]),
    { columns, colors },
  )
}
