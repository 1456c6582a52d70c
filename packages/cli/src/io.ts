/** The world as the command line sees it; `bin.ts` passes the process, tests pass buffers. */
import type { Writable } from 'node:stream'

export interface Sink {
  /** Resolves when the text is handed over; `false` once the reader has gone, as in `viewcast predict … | head`. */
  write(text: string): Promise<boolean>
}

export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly isTTY: { readonly stdout: boolean; readonly stderr: boolean }
  /** Width of the terminal in characters. */
  readonly columns: number
  /** Aborted by the first interrupt. */
  readonly signal: AbortSignal
  /** Asks whoever is at the terminal; absent where nobody is. */
  readonly ask?: (question: string) => Promise<string>
}

const readerGone = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'EOF'])

/** A sink over a Node stream. A closed pipe is the reader's choice and no error; a full disk is one. */
export function streamSink(stream: Writable): Sink {
  let closed = false
  // Without a listener the stream's own 'error' event would end the process with a stack.
  stream.on('error', () => {
    closed = true
  })
  return {
    write: (text) =>
      closed
        ? Promise.resolve(false)
        : new Promise((resolve, reject) => {
            stream.write(text, (error) => {
              if (!error) return resolve(true)
              closed = true
              if (readerGone.has((error as NodeJS.ErrnoException).code ?? '')) resolve(false)
              else reject(error)
            })
          }),
  }
}

/** The process as an {@link Io}. */
export const processIo = (signal: AbortSignal): Io => ({
  stdout: streamSink(process.stdout),
  stderr: streamSink(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  isTTY: { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true },
  columns: process.stdout.columns ?? process.stderr.columns ?? 80,
  signal,
  ...(process.stdin.isTTY === true && process.stderr.isTTY === true
    ? { ask: (question) => ask(question, signal) }
    : {}),
})

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question, { signal })
  } finally {
    lines.close()
  }
}
