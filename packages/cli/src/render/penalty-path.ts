/** How a penalty was chosen, as a table. */
import type { ModelRecord } from '@viewcast/sdk'
import { significant } from './number.ts'
import type { Colors } from './palette.ts'
import { renderTable } from './table.ts'

/** Steps shown at most; `--json` has all. */
const mostSteps = 16

/** Empty without a path. */
export function pathTable({ path }: ModelRecord, colors: Colors): string {
  if (path === undefined) return ''
  const { steps, chosen } = path
  const best = steps.reduce((least, s, i) => (s.cvMean < (steps[least]?.cvMean ?? Number.NaN) ? i : least), 0)
  const every = Math.max(1, Math.ceil(steps.length / (mostSteps - 4)))
  const shown = steps.map((_, i) => i).filter((i) => [0, steps.length - 1, best, chosen].includes(i) || i % every === 0)
  const columns = [
    { name: '', type: 'text' },
    ...['lambda', 'columns', 'explained', 'held out', '±'].map((name) => ({ name, type: 'float8' })),
  ]
  const rows = shown.map((i) => {
    const step = steps[i] as (typeof steps)[number]
    const mark = [...(i === chosen ? ['chosen'] : []), ...(i === best ? ['least'] : [])].join(', ')
    const { lambda, nonZero, devianceShare, cvMean, cvError } = step
    return [
      mark,
      significant(lambda),
      nonZero,
      significant(devianceShare, 4),
      significant(cvMean),
      significant(cvError, 3),
    ]
  })
  return renderTable(columns, rows, { colors })
}

/** Empty without a calibration. */
export function calibrationTable({ calibration }: ModelRecord, colors: Colors): string {
  if (calibration === undefined) return ''
  const { before, after, on } = calibration.measured
  const columns = [
    { name: `calibration (${on} rows)` },
    ...(before === null ? [] : [{ name: 'before', type: 'float8' }]),
    { name: 'after', type: 'float8' },
  ]
  const names = ['logLoss', 'brier', 'ece'] as const
  const rows = names.map((name) => [
    name,
    ...(before === null ? [] : [significant(before[name], 4)]),
    significant(after[name], 4),
  ])
  return renderTable(columns, rows, { colors })
}
