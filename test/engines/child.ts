import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build, plainEnvironment } from './build.ts'

/** A process of its own that is at work on a database. */
export interface Child {
  readonly child: ChildProcess
  /** Sends an order and gives the answer: what was returned, or the codes of the refusal; undefined when it ended before. */
  ask(order: string, options?: object): Promise<unknown>
  /** Kills it, with no chance to tidy up. */
  kill(): Promise<void>
}

/** @param script says `"ready"`, and then reads orders and writes answers, each a line of JSON. */
export async function startChild(script: URL, url: string): Promise<Child> {
  await build()
  const child = spawn(process.execPath, [fileURLToPath(script), url], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: plainEnvironment(),
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const listen = async () => {
    const { value, done } = await lines.next()
    return done ? undefined : JSON.parse(String(value))
  }
  if ((await listen()) !== 'ready') throw new Error('a process did not start')
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
