import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'

/** What the thread in `pglite-worker.js` says. */
interface Said {
  readonly ready?: true
  readonly closed?: true
  readonly data?: Uint8Array
  readonly template?: Uint8Array
  readonly crash?: string
}

/** The running engine: a byte stream that speaks the wire protocol, and the blob that COPY reads. */
export interface EngineThread {
  readonly wire: Duplex
  attach(blob: Buffer): void
  /** Keeps the process alive while a statement runs, and only then. */
  hold(yes: boolean): void
  /** Shuts the database down in order. */
  close(): Promise<void>
  /** Ends the thread at once; the database recovers from its log when opened again. */
  end(): Promise<void>
}

// Deep expressions overflow the ordinary 4 MB stack, and the engine cannot report that.
const start = (directory: string | undefined): Worker =>
  new Worker(new URL('./pglite-worker.js', import.meta.url), {
    workerData: { directory },
    resourceLimits: { stackSizeMb: 64 },
    // The engine's library prints whole source lines on some failures; what matters comes as a message.
    stdout: true,
    stderr: true,
    execArgv: [],
  })

/** The first thing the thread says; rejects when it fails or dies instead. */
function firstWord(worker: Worker): Promise<Said> {
  return new Promise((resolve, reject) => {
    worker.once('message', (said: Said) => (said.crash === undefined ? resolve(said) : reject(new Error(said.crash))))
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the engine ended while starting')))
  })
}

/** An empty database as a gzipped tar, made by the engine's own initdb (about 3 s). */
export async function makeTemplate(): Promise<Uint8Array> {
  const worker = start(undefined)
  try {
    const { template } = await firstWord(worker)
    if (!template) throw new Error('the engine made no template')
    return template
  } finally {
    await worker.terminate()
  }
}

/** Starts the engine on an existing data directory. */
export async function startEngine(directory: string): Promise<EngineThread> {
  const worker = start(directory)
  try {
    await firstWord(worker)
  } catch (e) {
    await worker.terminate()
    throw e
  }
  const wire = wireStream(worker)
  worker.removeAllListeners('message').removeAllListeners('error').removeAllListeners('exit')
  worker.on('message', (said: Said) => {
    if (said.data) wire.push(Buffer.from(said.data.buffer))
    if (said.crash !== undefined) wire.destroy(new Error(said.crash))
  })
  worker.on('error', (e) => wire.destroy(e))
  worker.on('exit', () => wire.destroy())
  worker.unref()
  return {
    wire,
    attach(blob) {
      const copy = Uint8Array.from(blob)
      worker.postMessage({ blob: copy }, [copy.buffer])
    },
    hold: (yes) => (yes ? worker.ref() : worker.unref()),
    async close() {
      worker.ref()
      const exited = once(worker, 'exit')
      worker.postMessage({ close: true })
      await exited
    },
    async end() {
      await worker.terminate()
    },
  }
}

/** The thread in the shape of a socket, which is what the driver asks for. */
function wireStream(worker: Worker): Duplex {
  const post = (bytes: Uint8Array) => {
    const copy = Uint8Array.from(bytes)
    // Terminate is not for the engine: its one session serves the next connection too.
    if (copy[0] === 'X'.charCodeAt(0)) return
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
