/** Vitest's global set-up: where the workers of one run note which commands have been called; `viewcast.ts` says why. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of this run. */
    firstCalls: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'viewcast-first-calls-'))
  project.provide('firstCalls', folder)
  return () => rm(folder, { recursive: true, force: true })
}
