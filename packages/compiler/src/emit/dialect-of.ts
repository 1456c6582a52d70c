import { type CompileOptions, type DialectName, passesOf } from '../ir/compile-options.ts'
import type { Dialect } from './dialect.ts'
import { citus } from './dialects/citus.ts'
import { postgres } from './dialects/postgres.ts'

const dialects: Readonly<Record<DialectName, Dialect>> = { postgres, citus }

/** The dialect a compilation writes; without fences when that pass is off. */
export function dialectOf(options: CompileOptions): Dialect {
  const dialect = dialects[options.dialect ?? 'postgres']
  return passesOf(options).fence ? dialect : { ...dialect, fence: 'none' }
}
