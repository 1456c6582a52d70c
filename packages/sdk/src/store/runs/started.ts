/** What names a run to those who log to it. */
export type RunState = 'scheduled' | 'running' | 'finished' | 'failed' | 'killed' | 'lost' | 'cached' | 'skipped'

/** A run that was started; plain data, so that another process can end it. */
export interface Run {
  readonly id: string
  readonly name: string
  readonly kind: string
  /** Tells the process that started it from others. */
  readonly worker: string
}
