/**
 * The functions a printed scorer calls, as source text by name. Each does what the interpreter does (see `evaluate/`): NULL
 * propagates, NaN equals itself and is above every number, arithmetic that leaves the range of a float8 is an error.
 */
export const runtime = {
  overflow: `function overflow() { throw new RangeError('value out of range: overflow') }`,
  underflow: `function underflow() { throw new RangeError('value out of range: underflow') }`,
  add: `function add(a, b) {
  const r = a + b
  return Number.isFinite(r) || !Number.isFinite(a) || !Number.isFinite(b) ? r : overflow()
}`,
  multiply: `function multiply(a, b) {
  const r = a * b
  if (!Number.isFinite(r) && Number.isFinite(a) && Number.isFinite(b)) overflow()
  if (r === 0 && a !== 0 && b !== 0) underflow()
  return r
}`,
  reduce: `function reduce(values, combine) {
  let r = values[0]
  for (let i = 1; i < values.length; i++) {
    if (r === null || values[i] === null) return null
    r = combine(r, values[i])
  }
  return r
}`,
  sum: 'const sum = (values) => reduce(values, add)',
  product: 'const product = (values) => reduce(values, multiply)',
  chain4: `function chain4(terms) {
  let r = Math.fround(terms[0])
  for (let i = 1; i < terms.length; i++) r = Math.fround(add(r, Math.fround(terms[i])))
  return r
}`,
  chain8: 'const chain8 = (terms) => reduce(terms, add)',
  divide: `function divide(a, b) {
  if (a === null || b === null) return null
  if (b === 0 && !Number.isNaN(a)) throw new RangeError('division by zero')
  const r = a / b
  if (!Number.isFinite(r) && Number.isFinite(a) && Number.isFinite(b)) overflow()
  if (r === 0 && a !== 0 && Number.isFinite(b)) underflow()
  return r
}`,
  negate: 'const negate = (a) => (a === null ? null : -a)',
  order: `function order(a, b) {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a === b ? 0 : a < b ? -1 : 1
}`,
  eq: 'const eq = (a, b) => (a === null || b === null ? null : order(a, b) === 0)',
  ne: 'const ne = (a, b) => (a === null || b === null ? null : order(a, b) !== 0)',
  lt: 'const lt = (a, b) => (a === null || b === null ? null : order(a, b) < 0)',
  le: 'const le = (a, b) => (a === null || b === null ? null : order(a, b) <= 0)',
  gt: 'const gt = (a, b) => (a === null || b === null ? null : order(a, b) > 0)',
  ge: 'const ge = (a, b) => (a === null || b === null ? null : order(a, b) >= 0)',
  not: 'const not = (a) => (a === null ? null : !a)',
  logic: `function logic(decisive, terms) {
  let unknown = false
  for (const term of terms) {
    const v = term()
    if (v === decisive) return decisive
    if (v === null) unknown = true
  }
  return unknown ? null : !decisive
}`,
  nullif: 'const nullif = (a, b) => (a === null || b === null || order(a, b) !== 0 ? a : null)',
  exp: `function exp(a) {
  if (a === null) return null
  const r = Math.exp(a)
  if (r === Infinity && Number.isFinite(a)) overflow()
  if (r === 0 && Number.isFinite(a)) underflow()
  return r
}`,
  ln: `function ln(a) {
  if (a === null) return null
  if (a <= 0) throw new RangeError('cannot take logarithm of zero or a negative number')
  return Math.log(a)
}`,
  sqrt: `function sqrt(a) {
  if (a === null) return null
  if (a < 0) throw new RangeError('cannot take square root of a negative number')
  return Math.sqrt(a)
}`,
  sinh: 'const sinh = (a) => (a === null ? null : Math.sinh(a))',
  floor: 'const floor = (a) => (a === null ? null : Math.floor(a))',
  greatest: `function greatest(...values) {
  return values.reduce((most, v) => (v !== null && (most === null || order(v, most) > 0) ? v : most), null)
}`,
  abs: 'const abs = (a) => (a === null ? null : Math.abs(a))',
  sigmoid: `function sigmoid(z) {
  if (z === null || Number.isNaN(z)) return null
  if (z > 708) return 1
  if (z < -708) return 0
  return 1 / (1 + Math.exp(-z))
}`,
  // MD5 (RFC 1321): the first 32 bits of the digest of a text's UTF-8 bytes.
  hash32: `function hash32(text) {
  const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, (bytes.length * 8) >>> 0, true)
  view.setUint32(padded.length - 4, Math.floor(bytes.length / 2 ** 29), true)
  let s = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476]
  for (let block = 0; block < padded.length; block += 64) {
    let [a, b, c, d] = s
    for (let i = 0; i < 64; i++) {
      const round = i >> 4
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round]
      const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] & 15
      const sine = Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0
      const total = (a + mixed + sine + view.getInt32(block + 4 * word, true)) | 0
      const by = shifts[4 * round + (i & 3)]
      ;[a, d, c, b] = [d, c, b, (b + ((total << by) | (total >>> (32 - by)))) | 0]
    }
    s = [(s[0] + a) | 0, (s[1] + b) | 0, (s[2] + c) | 0, (s[3] + d) | 0]
  }
  view.setInt32(0, s[0], true)
  return view.getUint32(0)
}`,
  slot: 'const slot = (text, slots) => (text === null ? null : hash32(String(text)) % slots)',
  number: `function number(value) {
  if (value === null || value === undefined) return null
  return typeof value === 'number' ? value : Number(value)
}`,
  text: 'const text = (value) => (value === null || value === undefined ? null : String(value))',
  truth: 'const truth = (value) => (value === null || value === undefined ? null : Boolean(value))',
} as const
export type RuntimeName = keyof typeof runtime

/** What each function calls. */
const uses: Partial<Record<RuntimeName, readonly RuntimeName[]>> = {
  add: ['overflow'],
  multiply: ['overflow', 'underflow'],
  sum: ['reduce', 'add'],
  product: ['reduce', 'multiply'],
  chain4: ['add'],
  chain8: ['reduce', 'add'],
  divide: ['overflow', 'underflow'],
  eq: ['order'],
  ne: ['order'],
  lt: ['order'],
  le: ['order'],
  gt: ['order'],
  ge: ['order'],
  nullif: ['order'],
  exp: ['overflow', 'underflow'],
  greatest: ['order'],
  slot: ['hash32'],
}

/** The source of the functions a text calls, with all they call in turn. */
export function runtimeText(called: Iterable<RuntimeName>): string {
  const needed = new Set<RuntimeName>(called)
  // The set grows while it is gone through.
  for (const name of needed) for (const other of uses[name] ?? []) needed.add(other)
  return (Object.keys(runtime) as RuntimeName[])
    .filter((name) => needed.has(name))
    .map((name) => runtime[name])
    .join('\n')
}
