const shape =
  /^(?<year>\d{4,6})-(?<month>\d\d)-(?<day>\d\d)[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,6}))?)?\s?(?:Z|(?<sign>[+-])(?<offsetHour>\d\d)(?::?(?<offsetMinute>\d\d))?)$/i

const pad = (n: number, width = 2): string => String(n).padStart(width, '0')

/**
 * An instant with a zone, in UTC, as PostgreSQL prints it under `TimeZone = UTC`: `2001-02-01T13:00+01:00` →
 * `2001-02-01 12:00:00+00`. Undefined when the text is not an instant; a text without a zone is not one.
 *
 * Digits of the fraction are kept (microseconds), which a JavaScript Date would cut.
 */
export function instant(text: string): string | undefined {
  const g = shape.exec(text.trim())?.groups
  if (!g) return undefined
  const [year, month, day] = [Number(g.year), Number(g.month), Number(g.day)]
  const [hour, minute, second] = [Number(g.hour), Number(g.minute), Number(g.second ?? 0)]
  const [offsetHour, offsetMinute] = [Number(g.offsetHour ?? 0), Number(g.offsetMinute ?? 0)]
  if (year < 1 || hour > 23 || minute > 59 || second > 59 || offsetHour > 15 || offsetMinute > 59) return undefined
  const local = new Date(0)
  // setUTCFullYear, because Date.UTC reads the years 0 to 99 as 1900 to 1999.
  local.setUTCFullYear(year, month - 1, day)
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return undefined
  const offset = (offsetHour * 60 + offsetMinute) * (g.sign === '-' ? -1 : 1)
  local.setUTCHours(hour, minute - offset, second)
  return print(local, (g.fraction ?? '').replace(/0+$/, ''))
}

/** The same text for a JavaScript Date; undefined for an invalid one and for years PostgreSQL does not have. */
export function instantOfDate(date: Date): string | undefined {
  if (Number.isNaN(date.getTime())) return undefined
  const milliseconds = date.getUTCMilliseconds()
  return print(date, milliseconds === 0 ? '' : pad(milliseconds, 3).replace(/0+$/, ''))
}

function print(utc: Date, fraction: string): string | undefined {
  const year = utc.getUTCFullYear()
  // 4713 BC is the first year PostgreSQL has; JavaScript's year 0 is 1 BC.
  if (year < -4712) return undefined
  const era = year < 1 ? ' BC' : ''
  const date = `${pad(year < 1 ? 1 - year : year, 4)}-${pad(utc.getUTCMonth() + 1)}-${pad(utc.getUTCDate())}`
  const time = `${pad(utc.getUTCHours())}:${pad(utc.getUTCMinutes())}:${pad(utc.getUTCSeconds())}`
  return `${date} ${time}${fraction === '' ? '' : `.${fraction}`}+00${era}`
}
