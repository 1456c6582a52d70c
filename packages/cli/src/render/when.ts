/** `2026-11-21 09:00:05` of the database's text in UTC: to the second, without the zone. */
export const when = (instant: string): string => instant.slice(0, 19)

/** A length of time for a person: `0.25 s`, `42 s`, `3 min 20 s`, `5 h 2 min`, `2 d 4 h`. */
export function tookText(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`
  const s = Math.round(seconds)
  if (s < 60) return `${s} s`
  if (s < 3600) return pair(s, 60, 'min', 's', 1)
  if (s < 86_400) return pair(s, 3600, 'h', 'min', 60)
  return pair(s, 86_400, 'd', 'h', 3600)
}

function pair(seconds: number, unit: number, name: string, restName: string, restUnit: number): string {
  const rest = Math.floor((seconds % unit) / restUnit)
  return `${Math.floor(seconds / unit)} ${name}${rest === 0 ? '' : ` ${rest} ${restName}`}`
}
