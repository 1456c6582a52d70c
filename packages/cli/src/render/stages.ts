import type { Progress } from './progress.ts'

/** A step per stage; a stage that ends is a line of its own when stderr is no terminal. */
export function stages(progress: Progress): (stage: string, done: number, total?: number) => void {
  let current: string | undefined
  return (stage, done, total) => {
    if (stage !== current) progress.step(stage, total)
    current = stage
    progress.at(done, total)
  }
}
