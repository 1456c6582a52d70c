/** Functions that distributions are computed with. */

/** The continued fraction of DLMF 8.17.22, without its factor xᵃ(1−x)ᵇ / (a B(a, b)). */
export function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300
  const away = (v: number): number => (Math.abs(v) < tiny ? tiny : v)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    const change = d * c
    h *= change
    if (Math.abs(change - 1) < 4e-16) break
  }
  return h
}

/** ln Γ(x) for x > 0: Stirling's series from 12 on, and the recurrence below. */
export function logGamma(x: number): number {
  let shift = 0
  let at = x
  let product = 1
  while (at < 12) {
    product *= at
    at += 1
    if (product > 1e200) {
      shift += Math.log(product)
      product = 1
    }
  }
  const stirling = (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + stirlingSeries(at)
  return stirling - shift - Math.log(product)
}

/** ln Γ(x) less Stirling's leading terms, for x from 12 on. */
export function stirlingSeries(x: number): number {
  const r = 1 / x
  const q = r * r
  return r * (1 / 12 - q * (1 / 360 - q * (1 / 1260 - q * (1 / 1680 - q * (1 / 1188 - q * (691 / 360360 - q / 156))))))
}
