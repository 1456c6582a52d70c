/** A program in Python that answers requests, a line of JSON each. */
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Answer {
  readonly wall: number
  readonly cpu: number
  readonly iterations: number
  /** Intercept first. */
  readonly theta: readonly number[]
  readonly error?: string
}

export interface Peer {
  readonly version: string
  ask(request: Readonly<Record<string, unknown>>): Promise<Answer>
  close(): void
}

/** Undefined when no Python (BENCH_PYTHON, Debian's, the first on the path) has the modules. */
export async function startPeer(
  script: string,
  parameters: readonly string[],
  modules: readonly string[],
): Promise<Peer | undefined> {
  const has = (p: string): boolean =>
    spawnSync(p, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0
  const python = [process.env['BENCH_PYTHON'], '/usr/bin/python3', 'python3'].find((p) => p !== undefined && has(p))
  if (python === undefined) return undefined
  const child = spawn(python, [fileURLToPath(new URL(script, import.meta.url)), ...parameters])
  child.stderr.pipe(process.stderr)
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <T>(): Promise<T> => {
    const { value, done } = await answers.next()
    if (done) throw new Error('scikit-learn ended early')
    return JSON.parse(value) as T
  }
  const { version } = await next<{ version: string }>()
  return {
    version,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return next<Answer>()
    },
    close: () => void child.kill(),
  }
}
