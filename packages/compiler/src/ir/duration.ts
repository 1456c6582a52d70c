/**
 * Fixed lengths of time. A day is 24 hours and a week 168: `timestamptz - interval '1 day'` would follow the session's
 * time zone over a clock change, so windows are written in hours or seconds.
 */
const seconds: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
}

/** Seconds of `"7 days"`, `"90 minutes"`, `"1 day 12 hours"`; undefined when not a fixed length. */
export function durationSeconds(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gi)]
  if (parts.length === 0 || parts.map((p) => p[0]).join('') !== text.trim()) return undefined
  let total = 0
  for (const [, amount, unit] of parts) {
    const each = seconds[(unit ?? '').toLowerCase().replace(/s$/, '')]
    if (each === undefined) return undefined
    total += Number(amount) * each
  }
  return total > 0 ? total : undefined
}

/** `interval '168 hours'`: the same length whatever the session's time zone. */
export function printInterval(length: number): string {
  if (length % 3600 === 0) return `interval '${length / 3600} hours'`
  if (length % 60 === 0) return `interval '${length / 60} minutes'`
  return `interval '${length} seconds'`
}
