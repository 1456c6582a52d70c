/** Threads that take groups of rows beside this one. Where they cannot be had, or die, this one does what is left. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SumKind, Sums } from './block-sums.js'
import type { Block, Design } from './fit.ts'
import { kernelsProgram } from './kernels.ts'

/** Products of one pass from which a thread pays for its start. */
const worthThread = 2e9
const most = 7

export function threadsWorthwhile(design: Design): number {
  const width = design.columns.length
  if (design.rows * width * (width + 4) < worthThread) return 0
  return Math.min(most, availableParallelism() - 1)
}

export interface PassWork {
  readonly width: number
  readonly shift: Float64Array
  readonly kind: SumKind
  /** Blocks in shared memory. */
  readonly groups: readonly (readonly Block[])[]
}

export interface PassThreads {
  begin(theta: Float64Array, withProducts: boolean): Pass
}

export interface Pass {
  /** Groups for this thread: each time the next one that nobody has. */
  claims(): Iterable<number>
  /** What the others summed, once they are through. */
  results(): Promise<ReadonlyMap<number, Sums>>
  /** Leaves what is not begun. */
  abandon(): void
}

interface Answer {
  readonly pass: number
  readonly group: number
  readonly sums: Sums
}

/** They end with `owner`: when it is collected, or by {@link endThreads}. Undefined where none can be started. */
export function startThreads(work: PassWork, count: number, owner: object): PassThreads | undefined {
  let workers: Worker[] = []
  let pass = 0
  let found = new Map<number, Sums>()
  let own = 0
  let wake = (): void => undefined
  const end = (): void => {
    for (const worker of workers) void worker.terminate()
    workers = []
    wake()
  }
  try {
    for (let i = 0; i < count; i++) {
      const worker = new Worker(new URL('./pass-thread.js', import.meta.url), {
        workerData: { ...work, program: kernelsProgram() },
        execArgv: [],
      })
      worker.on('message', (answer: Answer) => {
        if (answer.pass === pass) found.set(answer.group, answer.sums)
        wake()
      })
      // A thread that dies takes a group along that nobody knows of: then none of them is waited for.
      worker.on('error', end)
      worker.on('exit', end)
      worker.unref()
      workers.push(worker)
    }
  } catch {
    // A process that may have no threads.
    if (workers.length === 0) return undefined
  }
  ending.set(owner, [...(ending.get(owner) ?? []), end])
  abandoned.register(owner, end)
  return {
    begin(theta, withProducts) {
      pass++
      const next = new Int32Array(new SharedArrayBuffer(4))
      found = new Map()
      own = 0
      for (const worker of workers) worker.postMessage({ pass, theta, withProducts, next })
      const total = work.groups.length
      return {
        *claims() {
          for (let group = Atomics.add(next, 0, 1); group < total; group = Atomics.add(next, 0, 1)) {
            own++
            yield group
          }
        },
        async results() {
          for (const worker of workers) worker.ref()
          while (own + found.size < total && workers.length > 0) {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          }
          for (const worker of workers) worker.unref()
          return found
        },
        abandon: () => void Atomics.store(next, 0, total),
      }
    },
  }
}

const ending = new WeakMap<object, readonly (() => void)[]>()
const abandoned = new FinalizationRegistry((end: () => void) => end())

/** Ends the threads that were started for an owner. */
export function endThreads(owner: object): void {
  for (const end of ending.get(owner) ?? []) end()
  ending.delete(owner)
}
