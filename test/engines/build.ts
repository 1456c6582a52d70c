import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

let built: Promise<void> | undefined

/** Builds what changed; to be called before a process is started that is to run what users get. */
export function build(): Promise<void> {
  // Sources do not change while tests run: one look for each worker is enough.
  built ??= buildAlone()
  return built
}

/** Test files run side by side: one of them builds. */
async function buildAlone(): Promise<void> {
  const script = pathToFileURL(join(import.meta.dirname, '../../scripts/build.mjs')).href
  const lock = join(import.meta.dirname, '../.cli-build')
  for (const end = Date.now() + 100_000; Date.now() < end; await sleep(100)) {
    try {
      mkdirSync(lock)
      break
    } catch {
      // Another file builds.
    }
  }
  try {
    const program = `const { ensureBuilt } = await import(${JSON.stringify(script)}); await ensureBuilt()`
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { env: plainEnvironment(), stdio: 'pipe' })
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** Without what the test runner adds for its own programs. */
export const plainEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|NODE_OPTIONS|FORCE_COLOR|VIEWCAST_)/.test(name)),
  )
