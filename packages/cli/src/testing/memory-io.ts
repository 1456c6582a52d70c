import type { Io } from '../io.ts'

export interface MemoryIo extends Io {
  readonly out: () => string
  readonly err: () => string
}

/** The world in memory; `closedAfter` writes to stdout, its reader is gone. */
export function memoryIo(
  overrides: Partial<Pick<Io, 'env' | 'cwd' | 'isTTY' | 'columns' | 'signal'>> & { readonly closedAfter?: number } = {},
): MemoryIo {
  const out: string[] = []
  const err: string[] = []
  const { closedAfter = Number.POSITIVE_INFINITY, ...rest } = overrides
  return {
    stdout: {
      write: async (text) => {
        if (out.length >= closedAfter) return false
        out.push(text)
        return true
      },
    },
    stderr: {
      write: async (text) => {
        err.push(text)
        return true
      },
    },
    env: {},
    cwd: process.cwd(),
    isTTY: { stdout: false, stderr: false },
    columns: 80,
    signal: new AbortController().signal,
    ...rest,
    out: () => out.join(''),
    err: () => err.join(''),
  }
}
