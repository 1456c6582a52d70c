/** Models of mtcars, for tests: mpg, wt, cyl (as text), am. */
import { type Column, type DatasetDef, isViewcastError, type ModelDef } from '@viewcast/compiler'
import { type FitModelOptions, type FittedModel, fitModel } from './fit-model.ts'

const entity = { kind: 'entity', name: 'car', keys: [{ name: 'id', type: 'int4' }] } as const
const query = { kind: 'sql', text: 'select 1', origin: { kind: 'generated' } } as const
export const dataset: DatasetDef = {
  kind: 'dataset',
  name: 'cars',
  sample: { kind: 'sample', name: 'cars', entity, query, split: { kind: 'none' } },
  features: [],
}
export const base = { kind: 'model', name: 'm', dataset, penalty: { l1: 0, l2: 0 }, threshold: 0.5 } as const
export const asIs = {
  kind: 'numeric',
  scaling: 'none',
  transform: 'identity',
  impute: 'mean',
  indicator: false,
} as const
export const column = (name: string, type: string): Column => ({ name, type, nullable: true })

async function* batchesOf(rows: readonly (readonly unknown[])[]) {
  for (let i = 0; i < rows.length; i += 10) yield rows.slice(i, i + 10)
}
export const fitCars = (
  model: ModelDef,
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  options: FitModelOptions = {},
): Promise<FittedModel> => fitModel(model, columns, batchesOf(rows), options)

export const codeOf = async (fitted: Promise<unknown>): Promise<string | undefined> => {
  const failure = await fitted.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!isViewcastError(failure)) throw failure ?? new Error('it was fitted')
  return failure.diagnostics[0]?.code
}

// mtcars: mpg, wt, cyl (as text), am
export const cars = [
  [21, 2.62, '6', 1],
  [21, 2.875, '6', 1],
  [22.8, 2.32, '4', 1],
  [21.4, 3.215, '6', 0],
  [18.7, 3.44, '8', 0],
  [18.1, 3.46, '6', 0],
  [14.3, 3.57, '8', 0],
  [24.4, 3.19, '4', 0],
  [22.8, 3.15, '4', 0],
  [19.2, 3.44, '6', 0],
  [17.8, 3.44, '6', 0],
  [16.4, 4.07, '8', 0],
  [17.3, 3.73, '8', 0],
  [15.2, 3.78, '8', 0],
  [10.4, 5.25, '8', 0],
  [10.4, 5.424, '8', 0],
  [14.7, 5.345, '8', 0],
  [32.4, 2.2, '4', 1],
  [30.4, 1.615, '4', 1],
  [33.9, 1.835, '4', 1],
  [21.5, 2.465, '4', 0],
  [15.5, 3.52, '8', 0],
  [15.2, 3.435, '8', 0],
  [13.3, 3.84, '8', 0],
  [19.2, 3.845, '8', 0],
  [27.3, 1.935, '4', 1],
  [26, 2.14, '4', 1],
  [30.4, 1.513, '4', 1],
  [15.8, 3.17, '8', 1],
  [19.7, 2.77, '6', 1],
  [15, 3.57, '8', 1],
  [21.4, 2.78, '4', 1],
]
export const columns = [column('mpg', 'float8'), column('wt', 'float8'), column('cyl', 'text'), column('am', 'int4')]

/** Throws when a number has fewer digits right than it should. */
export const close = (
  actual: readonly (number | null | undefined)[],
  expected: readonly number[],
  least = 11,
): void => {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, not ${expected.length}`)
  expected.forEach((e, i) => {
    const off = Math.abs(((actual[i] as number) - e) / e)
    if (!(off < 10 ** -least)) throw new Error(`${actual[i]} is not ${e}`)
  })
}
