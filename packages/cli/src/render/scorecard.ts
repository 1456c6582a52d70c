/** A scorecard as the table it is. */
import type { ScorecardRow } from '@viewcast/sdk'
import { significant } from './number.ts'
import type { Colors } from './palette.ts'
import { renderTable } from './table.ts'

/** Empty without a scorecard. */
export function scorecardTable(rows: readonly ScorecardRow[], colors: Colors): string {
  if (rows.length === 0) return ''
  const columns = [{ name: 'feature' }, { name: 'attribute' }, { name: 'points', type: 'float8' }]
  return renderTable(
    columns,
    rows.map(({ feature, attribute, points }) => [feature ?? '', attribute, significant(points)]),
    { colors },
  )
}
