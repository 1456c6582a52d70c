import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'

/** What the thread in `pglite-worker.js` says. */
interface Said {
  readonly ready?: true
  /** The engine's code, compiled. */
  readonly code?: unknown
  readonly data?: Uint8Array
  readonly template?: Uint8Array
  readonly crash?: string
}

/** The running engine: a byte stream that speaks the wire protocol, and the blob that COPY reads. */
export interface EngineThread {
  readonly wire: Duplex
  attach(blob: Buffer): void
  /** Whether the engine keeps the process alive, as it should while a statement runs. */
  hold(yes: boolean): void
  /** True once the thread has ended or is of no further use. */
  ended(): boolean
  /** Why it ended, when it did so by itself. */
  crashed(): string | undefined
  /** Shuts the database down in order. */
  close(): Promise<void>
  /** Ends the thread at once; the database recovers from its log when opened again. */
  end(): Promise<void>
}

// What the first engine compiled serves the others of this process: they start in a third of the time, and functions that
// one made V8 optimise are fast in all.
let code: unknown

// Deep expressions overflow the ordinary 4 MB stack, and the engine's library cannot report that.
const start = (directory: string | undefined): Worker =>
  new Worker(new URL('./pglite-worker.js', import.meta.url), {
    workerData: { directory, code },
    resourceLimits: { stackSizeMb: 64 },
    // The library prints whole source lines on some failures; what matters comes as a message.
    stdout: true,
    stderr: true,
    // Flags of this process are none of the engine's business, and some are refused to threads.
    execArgv: [],
  })

/** The first thing the thread says; rejects when it fails or dies instead. */
async function firstWord(worker: Worker): Promise<Said> {
  const over = new AbortController()
  const { signal } = over
  try {
    // `once` rejects when the worker reports an error.
    const [said] = (await Promise.race([
      once(worker, 'message', { signal }),
      once(worker, 'exit', { signal }).then(() => [{ crash: 'it ended while starting' }]),
    ])) as [Said]
    if (said.crash !== undefined) throw new Error(said.crash)
    return said
  } finally {
    over.abort()
  }
}

/** An empty database as a gzipped tar, made by the engine's own initdb (about 3 s). */
export async function makeTemplate(): Promise<Uint8Array> {
  const worker = start(undefined)
  try {
    const { template } = await firstWord(worker)
    if (!template) throw new Error('it made no template')
    return template
  } finally {
    await worker.terminate()
  }
}

/** Starts the engine on an existing data directory; it keeps the process alive until told otherwise. */
export async function startEngine(directory: string): Promise<EngineThread> {
  const worker = start(directory)
  try {
    const said = await firstWord(worker)
    code ??= said.code
  } catch (e) {
    await worker.terminate()
    throw e
  }
  const wire = wireStream(worker)
  let over = false
  let crash: string | undefined
  const stop = (cause?: string) => {
    if (over) return
    over = true
    crash = cause
    wire.destroy()
    // After a crash the library may go round in circles.
    void worker.terminate()
  }
  worker.on('message', (said: Said) => {
    if (said.data) wire.push(Buffer.from(said.data.buffer))
    if (said.crash !== undefined) stop(said.crash)
  })
  worker.on('error', (e) => stop(e.message))
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      stop()
      resolve()
    })
  })
  return {
    wire,
    attach(blob) {
      const copy = Uint8Array.from(blob)
      worker.postMessage({ blob: copy }, [copy.buffer])
    },
    hold: (yes) => (yes ? worker.ref() : worker.unref()),
    ended: () => over,
    crashed: () => crash,
    async close() {
      worker.ref()
      worker.ref()
      if (!over) worker.postMessage({ close: true })
      await exited
    },
    async end() {
      worker.ref()
      stop()
      await exited
    },
  }
}

const terminate = 'X'.charCodeAt(0)

/** The thread in the shape of a socket, which is what the driver asks for. */
function wireStream(worker: Worker): Duplex {
  const post = (bytes: Uint8Array) => {
    if (bytes[0] === terminate) return
    const copy = Uint8Array.from(bytes)
    worker.postMessage({ data: copy }, [copy.buffer])
  }
  const wire = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      post(chunk)
      done()
    },
    writev(chunks, done) {
      post(Buffer.concat(chunks.map((c) => c.chunk as Buffer)))
      done()
    },
    read() {},
  })
  return Object.assign(wire, {
    connect: () => process.nextTick(() => wire.emit('connect')),
    setNoDelay: () => wire,
    setKeepAlive: () => wire,
    ref: () => wire,
    unref: () => wire,
  })
}
