// Runs the embedded engine on a thread of its own and answers the PostgreSQL wire protocol over its port.
//
// Plain JavaScript: a worker's entry is loaded by Node itself, which does not read TypeScript in version 20.
import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'

const port = parentPort
const send = (message, transfer = []) => port.postMessage(message, transfer)

/** Collects the engine's output, which comes 8 kB at a time, into messages worth their cost. */
function outbox() {
  const size = 1 << 18
  let buffer = new Uint8Array(size)
  let used = 0
  const flush = () => {
    if (used === 0) return
    const data = buffer.slice(0, used)
    used = 0
    send({ data }, [data.buffer])
  }
  /** @param {Uint8Array} bytes a view of the engine's memory, which is reused */
  const add = (bytes) => {
    if (used + bytes.length > buffer.length) flush()
    if (bytes.length > buffer.length) buffer = new Uint8Array(bytes.length)
    buffer.set(bytes, used)
    used += bytes.length
  }
  return { add, flush }
}

async function makeTemplate() {
  const db = await PGlite.create()
  await db.exec('CHECKPOINT')
  const file = await db.dumpDataDir('gzip')
  const bytes = new Uint8Array(await file.arrayBuffer())
  await db.close()
  send({ template: bytes }, [bytes.buffer])
}

/** The engine's code; undefined where it is not beside the library, which then looks for it itself. */
async function compile() {
  try {
    return await WebAssembly.compile(
      await readFile(new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'))),
    )
  } catch {
    return undefined
  }
}

async function serve(directory, given) {
  const code = given ?? (await compile())
  const db = await PGlite.create(directory, code === undefined ? {} : { pgliteWasmModule: code })
  const out = outbox()
  let broken = false
  const engine = db.Module
  const step = engine._PostgresMainLoopOnce
  // The library swallows whatever is thrown here, a stack overflow too, and the statement would end without rows.
  // 100 is the server's own longjmp for an ordinary error.
  engine._PostgresMainLoopOnce = () => {
    try {
      return step()
    } catch (e) {
      if (e?.status !== 100) {
        broken = true
        send({ crash: String(e?.message ?? e) })
      }
      throw e
    }
  }
  const answer = async (message) => {
    if (broken) return
    if (message.close) {
      await db.close()
      port.close()
    } else if (message.blob) {
      await db._handleBlob(new Blob([message.blob]))
    } else {
      await db.execProtocolRawStream(message.data, { onRawData: out.add, syncToFs: false })
      out.flush()
    }
  }
  // One after the other: attaching a blob takes a turn of the event loop, and the COPY behind it must wait.
  let last = Promise.resolve()
  port.on('message', (message) => {
    last = last
      .then(() => answer(message))
      .catch((e) => {
        broken = true
        send({ crash: String(e?.message ?? e) })
      })
  })
  send({ ready: true, code })
}

try {
  if (workerData.directory === undefined) await makeTemplate()
  else await serve(workerData.directory, workerData.code)
} catch (e) {
  send({ crash: String(e?.message ?? e) })
}
