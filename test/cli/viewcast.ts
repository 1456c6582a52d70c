/**
 * The built command line, in scratch projects that find the packages of this workspace.
 *
 * Loading it and the engine's code takes most of a short command. So the first call of each command in a run of the tests
 * is a process of its own, as a shell starts it, and the others are answered by one process that has loaded everything:
 * `run` of the built package, with arguments, folder and streams of the call.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { inject } from 'vitest'
import { plainEnvironment } from '../engines/build.ts'

export { build } from '../engines/build.ts'

const here = createRequire(import.meta.url)
const manifest = here.resolve('viewcast/package.json')
const bin = join(
  dirname(manifest),
  (JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { viewcast: string } }).bin.viewcast,
)

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

/** A process of its own, which can be listened to and interrupted. */
export function start(cwd: string, ...args: string[]): Running {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
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

/** One command line, whole: a process of its own when it is the first of its command, or none. */
export const viewcast = async (cwd: string, ...args: string[]): Promise<Finished> =>
  (await isFirst(args)) ? start(cwd, ...args).finished : answered(cwd, args)

/** One command line at a terminal, where every question gets this answer. */
export const viewcastAnswering = (answer: string, cwd: string, ...args: string[]): Promise<Finished> =>
  answered(cwd, args, answer)

let names: Promise<readonly string[]> | undefined

/** Claimed as a folder, which of all workers one only can make. */
async function isFirst(args: readonly string[]): Promise<boolean> {
  names ??= commandNames()
  const words = `${args.filter((arg) => !arg.startsWith('-')).join(' ')} `
  const name = (await names).find((known) => words.startsWith(`${known} `))
  if (name === undefined) return true
  try {
    mkdirSync(join(inject('firstCalls'), name.replaceAll(' ', '-')))
    return true
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw e
  }
}

/** Of the commands there are, `models show` before `models`. */
async function commandNames(): Promise<readonly string[]> {
  const { out } = await answered(import.meta.dirname, ['--help', '--json'])
  const { commands } = JSON.parse(out) as { commands: readonly { name: string }[] }
  return commands.map((c) => c.name).sort((a, b) => b.length - a.length)
}

interface Answer extends Finished {
  readonly id: number
}

let standby: ChildProcess | undefined
let count = 0

function answered(cwd: string, args: readonly string[], answer?: string): Promise<Finished> {
  standby ??= startStandby()
  const child = standby
  const id = ++count
  return new Promise((resolve, reject) => {
    const over = () => {
      child.off('message', hear)
      child.off('exit', died)
    }
    const hear = ({ id: of, ...finished }: Answer) => {
      if (of !== id) return
      over()
      resolve(finished)
    }
    const died = (code: number | null) => {
      over()
      if (standby === child) standby = undefined
      reject(new Error(`viewcast ${args.join(' ')}: its process ended with ${code}`))
    }
    child.on('message', hear)
    child.on('exit', died)
    child.send({ id, cwd, args, answer })
  })
}

function startStandby(): ChildProcess {
  const child = fork(join(import.meta.dirname, 'standby.mjs'), [dirname(manifest)], {
    env: plainEnvironment(),
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // It ends with this worker, which it does not keep alive.
  child.unref()
  child.channel?.unref()
  return child
}

/** The same through a shell, for pipes. */
export function shell(cwd: string, command: string): string {
  const quoted = `"${process.execPath}" "${bin}"`
  const script = `viewcast() { ${quoted} "$@"; }; set -o pipefail; ${command}`
  return execFileSync('bash', ['-c', script], { cwd, env: plainEnvironment(), encoding: 'utf8' })
}
