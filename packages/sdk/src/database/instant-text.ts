/** Binary dates and instants as the server prints them under DateStyle ISO and TimeZone UTC; both count from 2000. */
const dayMicroseconds = 86_400_000_000n
const exact = BigInt(Number.MAX_SAFE_INTEGER)

/** @param days since 2000-01-01 */
export function dateText(days: number): string {
  if (days === 0x7fffffff) return 'infinity'
  if (days === -0x80000000) return '-infinity'
  const { date, era } = civil(days)
  return date + era
}

/**
 * @param microseconds since 2000-01-01 00:00
 * @param zone what follows the time: `+00` for timestamptz
 */
export function timestampText(microseconds: bigint, zone: string): string {
  if (microseconds === 0x7fffffffffffffffn) return 'infinity'
  if (microseconds === -0x8000000000000000n) return '-infinity'
  let days: number
  let rest: number
  if (microseconds < exact && microseconds > -exact) {
    const n = Number(microseconds)
    days = Math.floor(n / 86_400_000_000)
    rest = n - days * 86_400_000_000
  } else {
    const whole = microseconds / dayMicroseconds - (microseconds % dayMicroseconds < 0n ? 1n : 0n)
    days = Number(whole)
    rest = Number(microseconds - whole * dayMicroseconds)
  }
  const seconds = Math.floor(rest / 1_000_000)
  const fraction = rest % 1_000_000
  const { date, era } = civil(days)
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  const after = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
  return `${date} ${time}${after}${zone}${era}`
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n))

/**
 * The proleptic Gregorian calendar, in eras of 400 years that begin on 1 March, so that the leap day comes last
 * (H. Hinnant, "chrono-compatible low-level date algorithms").
 */
function civil(daysSince2000: number): { date: string; era: string } {
  const days = daysSince2000 + 730_425
  const era = Math.floor(days / 146_097)
  const ofEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const march = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * march + 2) / 5) + 1
  const month = march < 10 ? march + 3 : march - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const shown = year > 0 ? year : 1 - year
  return { date: `${String(shown).padStart(4, '0')}-${two(month)}-${two(day)}`, era: year > 0 ? '' : ' BC' }
}
