/** How many predictions are at work at once, and how many may wait for their turn. */
import { refuse } from './problem.ts'

export interface GateOptions {
  readonly running: number
  readonly waiting: number
}

export interface Gate {
  readonly running: number
  readonly waiting: number
  /**
   * Runs `body` when it is its turn; whoever is told to stop before that leaves the queue. Errors: a refusal with
   * `serve/busy`, at once, when too many wait already; the signal's reason.
   */
  through<T>(body: () => Promise<T>, signal?: AbortSignal): Promise<T>
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
    async through(body, signal) {
      if (running < most.running) running++
      else {
        if (queue.length >= most.waiting) {
          refuse(503, 'serve/busy', { running: String(running), waiting: String(queue.length) }, { retryAfter: 1 })
        }
        // Whoever ends hands its place over, so that nobody who comes later gets it first.
        await turn(queue, signal)
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

/** A place at the end of the queue until it is called. */
function turn(queue: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const enter = () => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }
    const leave = () => {
      queue.splice(queue.indexOf(enter), 1)
      reject(signal?.reason)
    }
    queue.push(enter)
    signal?.addEventListener('abort', leave, { once: true })
  })
}
