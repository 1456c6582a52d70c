import { createWriteStream } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { streamSink } from '../io.ts'

/** Writes a file whole or not at all: under another name first, renamed at the end. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await replacing(file, (temporary) => writeFile(temporary, content))
}

/** The same for text that comes in pieces. */
export async function writePieces<T>(
  file: string,
  body: (write: (text: string) => Promise<boolean>) => Promise<T>,
): Promise<T> {
  return await replacing(file, async (temporary) => {
    const stream = createWriteStream(temporary)
    const sink = streamSink(stream)
    try {
      return await body((text) => sink.write(text))
    } finally {
      stream.end()
      await finished(stream)
    }
  })
}

async function replacing<T>(file: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const result = await write(temporary)
    await rename(temporary, file)
    return result
  } catch (error) {
    await rm(temporary, { force: true })
    throw await fileError(error, file)
  }
}

/** A missing folder or a refused write is the user's to repair, not a bug. */
export async function fileError(error: unknown, file: string): Promise<unknown> {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined || !/^E[A-Z]+$/.test(code)) return error
  const { diagnostic, ViewcastError } = await import('@viewcast/sdk')
  return new ViewcastError([diagnostic('cli/file', { file, detail: (error as Error).message })], { cause: error })
}
