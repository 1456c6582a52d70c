/** How the threshold of a model was chosen, and what others would do. */
import type { ModelRecord } from '@viewcast/sdk'
import { significant } from './number.ts'
import type { Colors } from './palette.ts'
import { renderTable } from './table.ts'

/** Nothing for a threshold that was declared. */
export function thresholdTable({ threshold, thresholdChoice }: ModelRecord, colors: Colors): string {
  if (thresholdChoice === undefined) return ''
  const rule = typeof thresholdChoice.rule === 'string' ? thresholdChoice.rule : 'cost'
  const columns = ['threshold', 'true pos.', 'false pos.', 'true neg.', 'false neg.', rule]
  const rows = thresholdChoice.table.map((t) => {
    const counts = [t.truePositives, t.falsePositives, t.trueNegatives, t.falseNegatives]
    const mark = t.threshold === threshold ? '* ' : ''
    return [`${mark}${significant(t.threshold, 4)}`, ...counts.map((n) => significant(n, 6)), significant(t.value, 4)]
  })
  const table = renderTable(
    columns.map((name) => ({ name, type: 'float8' })),
    rows,
    { colors },
  )
  return `threshold ${significant(threshold, 4)} by ${rule}, on ${thresholdChoice.rows} rows\n${table}`
}
