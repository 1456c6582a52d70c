/** How many predictions are at work at once, and how many may wait for their turn. */
import { refuse } from './problem.ts'

export interface GateOptions {
  readonly running: number
  readonly waiting: number
}

export interface Gate {
  readonly running: number
  readonly waiting: number
  /** Runs `body` when it is its turn. Errors: a refusal with `serve/busy`, at once, when too many wait already. */
  through<T>(body: () => Promise<T>): Promise<T>
}

export function gate(most: GateOptions): Gate {
  let running = 0
  const queue: (() => void)[] = []
  return {
    get running() {
      return running
    },
    get waiting() {
      return queue.length
    },
    async through(body) {
      if (running < most.running) running++
      else {
        if (queue.length >= most.waiting) {
          refuse(503, 'serve/busy', { running: String(running), waiting: String(queue.length) }, { retryAfter: 1 })
        }
        // Whoever ends hands its place over, so that nobody who comes later gets it first.
        await new Promise<void>((resolve) => queue.push(resolve))
      }
      try {
        return await body()
      } finally {
        const next = queue.shift()
        if (next) next()
        else running--
      }
    },
  }
}
