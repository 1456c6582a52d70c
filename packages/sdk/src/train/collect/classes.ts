/** The classes of a label that has several: what they are called, and in which order they stand. */

export interface Classes {
  /** Those of the training rows: truth values and numbers in their order, texts by code point. */
  readonly names: readonly string[]
  /** By the code a row of the store has as its label: the place among `names`; −1 for a class that training did not see. */
  readonly places: Int32Array
}

export interface ClassReader {
  /** The code of a label: a number, or of a text the code the batch has for it. */
  code(label: number): number
  /** Counts equal training rows. */
  count(code: number, times: number): void
  /** `nameOf` names a label; texts are those that are no numbers. */
  classes(nameOf: (label: number) => string, isText: boolean): Classes
}

export function createClassReader(): ClassReader {
  const codes = new Map<number, number>()
  const labels: number[] = []
  const rows: number[] = []
  return {
    code(label) {
      const known = codes.get(label)
      if (known !== undefined) return known
      codes.set(label, labels.length)
      rows.push(0)
      return labels.push(label) - 1
    },
    count(code, times) {
      rows[code] = (rows[code] as number) + times
    },
    classes(nameOf, isText) {
      const name = (code: number): string => nameOf(labels[code] as number)
      const seen = [...labels.keys()].filter((code) => (rows[code] as number) > 0)
      seen.sort((a, b) => (isText ? byCodePoint(name(a), name(b)) : (labels[a] as number) - (labels[b] as number)))
      const places = new Int32Array(labels.length).fill(-1)
      for (const [place, code] of seen.entries()) places[code] = place
      return { names: seen.map(name), places }
    },
  }
}

/** JavaScript compares code units, which puts texts beyond the basic plane before some within it. */
function byCodePoint(a: string, b: string): number {
  const [x, y] = [[...a], [...b]]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const d = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0)
    if (d !== 0) return d
  }
  return x.length - y.length
}
