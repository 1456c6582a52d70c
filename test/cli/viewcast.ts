/** The built command line as a process, in scratch projects that find the packages of this workspace. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const here = createRequire(import.meta.url)
const manifest = here.resolve('viewcast/package.json')
const bin = join(
  dirname(manifest),
  (JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { viewcast: string } }).bin.viewcast,
)

/** Builds what changed; to be called before the process is started. Test files run side by side: one of them builds. */
export async function build(): Promise<void> {
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
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { env: environment(), stdio: 'pipe' })
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** A folder below `test/`, so that imports of the packages resolve. */
export const scratch = (): string => mkdtempSync(join(import.meta.dirname, '../.cli-'))

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly process: ChildProcess
  /** Resolves when stderr has said this. */
  readonly said: (text: string) => Promise<void>
  readonly finished: Promise<Finished>
}

/** Without what the test runner adds for its own programs. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|NODE_OPTIONS|FORCE_COLOR|VIEWCAST_)/.test(name)),
  )

export function start(cwd: string, ...args: string[]): Running {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  const waiting: { text: string; resolve: () => void }[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    for (const w of waiting) if (err.includes(w.text)) w.resolve()
  })
  const finished = new Promise<Finished>((resolve) => child.on('close', (code) => resolve({ code, out, err })))
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      if (err.includes(text)) return resolve()
      waiting.push({ text, resolve })
      void finished.then((f) =>
        reject(new Error(`viewcast ended with ${f.code} before "${text}":\n${f.out}\n${f.err}`)),
      )
    })
  return { process: child, said, finished }
}

export const viewcast = (cwd: string, ...args: string[]): Promise<Finished> => start(cwd, ...args).finished

/** The same through a shell, for pipes. */
export function shell(cwd: string, command: string): string {
  const quoted = `"${process.execPath}" "${bin}"`
  const script = `viewcast() { ${quoted} "$@"; }; set -o pipefail; ${command}`
  return execFileSync('bash', ['-c', script], { cwd, env: environment(), encoding: 'utf8' })
}
