const signs: Readonly<Record<number, string>> = { 16384: '-', 49152: 'NaN', 53248: 'Infinity', 61440: '-Infinity' }

/**
 * A binary `numeric` as the server prints it: groups of four decimal digits, the weight of the first group, the sign, and
 * how many digits to show after the point.
 */
export function numericText(bytes: Buffer, at: number): string {
  const groups = bytes.readInt16BE(at)
  const weight = bytes.readInt16BE(at + 2)
  const sign = signs[bytes.readUInt16BE(at + 4)] ?? ''
  if (sign.length > 1) return sign
  const scale = bytes.readUInt16BE(at + 6)
  const group = (i: number): number => (i >= 0 && i < groups ? bytes.readInt16BE(at + 8 + 2 * i) : 0)
  let text = sign
  if (weight < 0) text += '0'
  else {
    text += group(0)
    for (let i = 1; i <= weight; i++) text += padded(group(i))
  }
  if (scale === 0) return text
  let fraction = ''
  for (let i = weight + 1; fraction.length < scale; i++) fraction += padded(group(i))
  return `${text}.${fraction.slice(0, scale)}`
}

const padded = (group: number): string => String(group).padStart(4, '0')
