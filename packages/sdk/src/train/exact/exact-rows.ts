/** Rows of a design before anything is rounded: numbers as the decimals that were written, less their center. */
import { encodedColumns, InternalError, type LearnedInput } from '@viewcast/compiler'
import { type Collected, parts } from '../collect/collect.ts'
import type { Design } from '../solve/fit.ts'
import { type Decimal, decimalOf, digitsAt } from './decimal.ts'

/** A column of the design is an exact one over a divisor. */
export interface ExactRows {
  /** Those of the columns of the design, in order. */
  readonly divisors: readonly Decimal[]
  rows(): Iterable<ExactRow>
}

export interface ExactRow {
  readonly columns: readonly Decimal[]
  readonly label: Decimal
  readonly weight: Decimal
}

const zero: Decimal = { digits: 0n, places: 0 }
const unit: Decimal = { digits: 1n, places: 0 }

const decimal = (x: number): Decimal => decimalOf(String(x))

function minus(a: Decimal, b: Decimal): Decimal {
  const places = Math.max(a.places, b.places)
  return { digits: digitsAt(a, places) - digitsAt(b, places), places }
}

const raised = ({ digits, places }: Decimal, power: number): Decimal => ({
  digits: digits ** BigInt(power),
  places: places * power,
})

type Numeric = Extract<LearnedInput['encoder'], { kind: 'numeric' }>

/** A number whose columns are powers of it, moved and divided: everything that has no logarithm and no pieces. */
export const isPowers = (encoder: LearnedInput['encoder']): encoder is Numeric =>
  encoder.kind === 'numeric' &&
  encoder.transform === 'identity' &&
  encoder.clip === undefined &&
  encoder.missing === undefined &&
  (encoder.basis === undefined || encoder.basis.kind === 'polynomial')

/** Powers its columns are of. */
export const powersOf = ({ basis }: Numeric): readonly number[] =>
  basis?.kind === 'polynomial' ? Array.from({ length: basis.degree }, (_, k) => k + 1) : [1]

/** Divisors of the columns of an input; 1 for those that are taken as they are encoded. */
export function divisorsOf({ encoder }: LearnedInput, columns: number): Decimal[] {
  if (!isPowers(encoder)) return new Array<Decimal>(columns).fill(unit)
  const powers = powersOf(encoder).map((k) => raised(decimal(encoder.scale), k))
  return encoder.indicator ? [...powers, unit] : powers
}

/** The rows of a design alone: its numbers, taken as the decimals that are written for them. */
export function designAsRows(design: Design): ExactRows {
  const width = design.columns.length
  return {
    divisors: new Array<Decimal>(width).fill(unit),
    *rows() {
      for (const { rows, x, y, weight, offset } of design.blocks()) {
        for (let r = 0; r < rows; r++) {
          const columns = Array.from({ length: width }, (_, j) => decimal(x[r * width + j] as number))
          const w = weight === undefined ? unit : decimal(weight[r] as number)
          yield { columns, label: labelOf(y, offset, r), weight: w }
        }
      }
    },
  }
}

const labelOf = (y: Float64Array, offset: Float64Array | undefined, r: number): Decimal =>
  offset === undefined ? decimal(y[r] as number) : minus(decimal(y[r] as number), decimal(offset[r] as number))

/** A design together with the rows of the store it is made of. */
export const withExactRows = (
  design: Design,
  collected: Collected,
  inputs: readonly LearnedInput[],
): Design & { readonly exact: ExactRows } => ({ ...design, exact: storedRows(design, collected, inputs) })

function storedRows(design: Design, collected: Collected, inputs: readonly LearnedInput[]): ExactRows {
  const widths = inputs.map((input) => encodedColumns([input]).length)
  const own = widths.reduce((a, b) => a + b, 0)
  const others = design.columns.length - own
  const { store } = collected
  const raw = inputs.map(({ encoder }) => (isPowers(encoder) ? rawColumns(encoder) : undefined))
  return {
    divisors: [
      ...inputs.flatMap((input, i) => divisorsOf(input, widths[i] as number)),
      ...new Array<Decimal>(others).fill(unit),
    ],
    *rows() {
      const encoded = designRows(design)
      for (const { rows, values } of store.blocks()) {
        for (let r = 0; r < rows; r++) {
          const from = r * store.width
          if (values[from + store.width - 1] !== parts.train) continue
          const row = encoded.next()
          if (row.done) throw new InternalError('The design has fewer rows than the store')
          const { x, at, label, weight } = row.value
          const columns: Decimal[] = []
          inputs.forEach((_, i) => {
            const exact = raw[i]
            const start = columns.length
            if (exact !== undefined) columns.push(...exact(values[from + i] as number))
            else for (let j = 0; j < (widths[i] as number); j++) columns.push(decimal(x[at + start + j] as number))
          })
          for (let j = own; j < design.columns.length; j++) columns.push(decimal(x[at + j] as number))
          yield { columns, label, weight }
        }
      }
    },
  }
}

function rawColumns(encoder: Numeric): (x: number) => Decimal[] {
  const origin = decimal(encoder.origin ?? 0)
  const center = decimal(encoder.center)
  const powers = powersOf(encoder)
  return (x) => {
    const isMissing = Number.isNaN(x)
    const moved = minus(isMissing ? decimal(encoder.impute) : minus(decimal(x), origin), center)
    const columns = powers.map((k) => raised(moved, k))
    return encoder.indicator ? [...columns, isMissing ? unit : zero] : columns
  }
}

function* designRows(design: Design) {
  const width = design.columns.length
  for (const { rows, x, y, weight, offset } of design.blocks()) {
    for (let r = 0; r < rows; r++) {
      const label = labelOf(y, offset, r)
      yield { x, at: r * width, label, weight: weight === undefined ? unit : decimal(weight[r] as number) }
    }
  }
}
