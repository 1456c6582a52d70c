import type { Database } from '@viewcast/sdk'
import type { Period } from './declare.ts'

const day = 86_400_000
/** Sample rows the demo trains and tests on, about. */
const wanted = 43_000
const most = 300_000

/** Warm-up, training and test periods for the flights that are loaded: five days to fill the windows, a quarter held out. */
export async function periodOf(db: Database): Promise<Period> {
  const [span] = await db.rows<{ first: number; last: number; n: number }>(
    `SELECT extract(epoch FROM min(departed_at))::float8 * 1000 AS first,
            extract(epoch FROM max(departed_at))::float8 * 1000 AS last, count(*)::float8 AS n FROM flights`,
  )
  const { first = 0, last = 0, n = 0 } = span ?? {}
  const length = last - first
  const from = first + Math.min(5 * day, 0.35 * length)
  const test = from + 0.7 * (last - from)
  const rows = Math.min(most, Math.max(wanted, n / 10))
  return {
    from: instant(from),
    test: instant(test),
    oneIn: Math.max(1, Math.round((n * (last - from)) / length / rows)),
  }
}

/** To the hour: a split nobody has to read twice. */
const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 13)}:00Z`
