import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The path of a file of the package `vega-datasets`. */
export const dataFile = (name: string): string =>
  join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data', name)
