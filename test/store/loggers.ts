import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('logger.mjs', import.meta.url))

/** A process of its own that logs to a database. */
export interface Logger {
  readonly child: ChildProcess
  /** Sends an order and gives the answer: what was returned, or the codes of the refusal. */
  ask(order: string, options?: object): Promise<unknown>
  /** Kills it, with no chance to tidy up. */
  kill(): Promise<void>
}

export async function startLogger(url: string): Promise<Logger> {
  const child = spawn(process.execPath, ['--conditions', '@viewcast/source', script, url], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const listen = async () => {
    const { value, done } = await lines.next()
    return done ? undefined : JSON.parse(String(value))
  }
  if ((await listen()) !== 'ready') throw new Error('a logger did not start')
  return {
    child,
    async ask(order, options = {}) {
      child.stdin.write(`${JSON.stringify({ order, ...options })}\n`)
      return listen()
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
