/** Attributes of scikit-learn objects as JSON, read with their place in messages. */
import { refuse } from './imported-model.ts'

/** An object of the file: its class, its attributes, and where it is. */
export interface Estimator {
  readonly name: string
  readonly at: string
  readonly file: string
  /** An attribute; undefined where it is absent or null. */
  readonly get: (attribute: string) => unknown
  readonly numbers: (attribute: string) => number[]
  readonly estimators: (attribute: string) => Estimator[]
}

export function estimatorOf(json: unknown, at: string, file: string): Estimator {
  if (typeof json !== 'object' || json === null || !('class' in json) || typeof json.class !== 'string') {
    return refuse(file, `${at} is no estimator of scikit-learn`)
  }
  const attributes = json as Readonly<Record<string, unknown>>
  const name = json.class
  const place = (attribute: string): string => `${at} (${name}).${attribute}`
  const get = (attribute: string): unknown => attributes[attribute] ?? undefined
  return {
    name,
    at,
    file,
    get,
    numbers: (attribute) => flatNumbers(get(attribute), place(attribute), file),
    estimators: (attribute) => {
      const found = get(attribute)
      if (!Array.isArray(found)) return refuse(file, `${place(attribute)} is missing`)
      return found.flat().map((e, i) => estimatorOf(e, `${place(attribute)}.${i}`, file))
    },
  }
}

/** Numbers of a list of any depth; NaN and infinities are text in JSON. */
export function flatNumbers(value: unknown, at: string, file: string): number[] {
  const all = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]
  return all.map((v) => numberOf(v) ?? refuse(file, `${at} is missing or holds what is no number`))
}

export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (value === 'nan' || value === 'NaN') return Number.NaN
  if (value === 'inf' || value === 'Infinity') return Number.POSITIVE_INFINITY
  if (value === '-inf' || value === '-Infinity') return Number.NEGATIVE_INFINITY
  return typeof value === 'boolean' ? Number(value) : undefined
}

/** `steps`, `transformers_`: lists whose items begin with a name. */
export function namedParts(estimator: Estimator, attribute: string): [string, unknown, unknown][] {
  const found = estimator.get(attribute)
  const at = `${estimator.at} (${estimator.name}).${attribute}`
  if (!Array.isArray(found)) return refuse(estimator.file, `${at} is missing`)
  return found.map((part: unknown) =>
    Array.isArray(part) && typeof part[0] === 'string'
      ? [part[0], part[1], part[2]]
      : refuse(estimator.file, `${at} has a part without a name`),
  )
}
