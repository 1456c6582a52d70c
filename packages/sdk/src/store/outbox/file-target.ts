/** A file that events are appended to, one JSON object per line. */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isViewcastError } from '@viewcast/compiler'
import { lockDirectory } from '../../database/directory-lock.ts'
import { type Delivery, type EventTarget, released } from './target.ts'

/** How long others who write the file are waited for, in milliseconds. */
const patienceWithOthers = 5000

/**
 * A file as target: NDJSON, whole lines only, on the disk before an event counts as sent. Several processes may write
 * it, one after the other; a line that a process left unfinished is taken away.
 *
 * @example
 * ```ts
 * await sendEvents(store, fileTarget('lineage.ndjson'))
 * ```
 */
export function fileTarget(path: string): EventTarget {
  const file = resolve(path)
  return {
    description: path,
    async deliver(events, { signal }) {
      const all = (delivery: Delivery) => events.map(() => delivery)
      if (signal.aborted) return all(released)
      try {
        await mkdir(dirname(file), { recursive: true })
        const unlock = await lock(file, signal)
        try {
          await append(file, events)
        } finally {
          unlock()
        }
        return all({ kind: 'sent' })
      } catch (e) {
        if (signal.aborted) return all(released)
        return all({ kind: 'failed', reason: reasonOf(e) })
      }
    },
  }
}

async function lock(file: string, signal: AbortSignal): Promise<() => void> {
  for (const end = Date.now() + patienceWithOthers; ; await sleep(20, undefined, { signal })) {
    try {
      return await lockDirectory(file)
    } catch (e) {
      if (!isViewcastError(e) || Date.now() > end) throw e
    }
  }
}

async function append(file: string, events: readonly string[]): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o644)
  try {
    const start = await wholeLines(handle)
    const lines = Buffer.from(events.map((e) => `${e}\n`).join(''))
    try {
      for (let written = 0; written < lines.length; ) {
        const { bytesWritten } = await handle.write(lines, written, lines.length - written, start + written)
        written += bytesWritten
      }
      await handle.sync()
    } catch (e) {
      await handle.truncate(start).catch(() => undefined)
      throw e
    }
  } finally {
    await handle.close()
  }
  const folder = await open(dirname(file), constants.O_RDONLY)
  try {
    // So that the name of a new file is on the disk, too.
    await folder.sync()
  } catch {
    // Not every system can.
  } finally {
    await folder.close()
  }
}

/** Ends the file with its last whole line, and returns its length. */
async function wholeLines(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat()
  const chunk = 64 * 1024
  let end = size
  while (end > 0) {
    const from = Math.max(0, end - chunk)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - from), 0, end - from, from)
    const newline = buffer.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (newline >= 0) {
      end = from + newline + 1
      break
    }
    end = from
  }
  if (end < size) await handle.truncate(end)
  return end
}

function reasonOf(e: unknown): string {
  if (isViewcastError(e)) return 'another process holds the file'
  const { code } = (e ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'the file cannot be written'
}
