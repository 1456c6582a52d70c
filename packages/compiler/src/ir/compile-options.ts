/** What a caller may choose about the generated SQL. The rows are the same whatever is chosen; tests hold it. */
import type { HistoryForm } from './relation.ts'

/** Engines of the PostgreSQL family that need text of their own. */
export type DialectName = 'postgres' | 'citus'

/**
 * Passes that make the text smaller, faster or easier to read and change no row. Each can be switched off, to find out
 * which one is to blame when a query surprises.
 */
export interface Passes {
  /** Leave out views and columns nothing reads. */
  readonly prune: boolean
  /** Compute constant expressions while compiling. */
  readonly fold: boolean
  /** One stage for a view that is read twice. */
  readonly share: boolean
  /** Keep the planner from computing a value once per reader instead of once per row. */
  readonly fence: boolean
  /** Ask in the order of the keys where each question is an index lookup, so that pages are met while they are warm. */
  readonly order: boolean
  /** Lay the text out for readers. */
  readonly format: boolean
}

/** Physical forms of views: how a history is joined, how declared windows are computed. */
export type Form = HistoryForm | 'join' | 'running'

export interface CompileOptions {
  /** Default `postgres`. */
  readonly dialect?: DialectName
  /** Default all on. */
  readonly passes?: Partial<Passes>
  /** Called with the plain data each pass hands to the next; what it returns goes on. For looking inside, and for tests. */
  readonly between?: <T>(pass: string, data: T) => T
  /** View name → form to use instead of the one the rules choose. Errors: `form/no-index`, `form/unsupported`, `form/unknown-view`. */
  readonly forms?: Readonly<Record<string, Form>>
}

const every: Passes = { prune: true, fold: true, share: true, fence: true, order: true, format: true }

/** Every optional pass, for whoever goes through them. */
export const passNames = Object.keys(every) as readonly (keyof Passes)[]

/** What a pass hands to the next. */
export const handOver = <T>(options: CompileOptions, pass: string, data: T): T => options.between?.(pass, data) ?? data

/** The passes of a compilation: those not named are on. */
export const passesOf = (options: CompileOptions): Passes => ({ ...every, ...options.passes })

/** Whether the query has to stay one plan over many machines, which forbids some forms. */
export const isDistributed = (options: CompileOptions): boolean => options.dialect === 'citus'
