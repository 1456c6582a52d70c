/** How long the command line takes to start: the built program, spawned anew each time. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { duration, inRounds, least, median } from './timing.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 10)

const manifest = createRequire(import.meta.url).resolve('viewcast/package.json')
const bin = join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.viewcast)

interface Start {
  readonly title: string
  readonly args: readonly string[]
  /** Milliseconds. */
  readonly ceiling: number
}
const starts: readonly Start[] = [
  { title: 'viewcast --help', args: ['--help'], ceiling: 300 },
  { title: 'viewcast compile history', args: ['compile', 'history'], ceiling: 1000 },
]

interface Figures {
  readonly wall: number[]
  readonly cpu: number[]
}

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  // Below this folder, so that the project's imports resolve to the packages of the workspace.
  const directory = mkdtempSync(join(import.meta.dirname, '.cli-'))
  const figures = new Map<string, Figures>(
    [...starts.map((s) => s.title), 'node'].map((t) => [t, { wall: [], cpu: [] }]),
  )
  try {
    process.stderr.write('making a project with "viewcast init"…\n')
    execFileSync(process.execPath, [bin, 'init', 'shop'], { cwd: directory, stdio: 'pipe' })
    const shop = join(directory, 'shop')
    const contender = (title: string, args: readonly string[]) => async () => {
      const { wall, cpu } = await spawned(args, shop)
      figures.get(title)?.wall.push(wall)
      figures.get(title)?.cpu.push(cpu)
    }
    const all = Object.fromEntries(starts.map((s) => [s.title, contender(s.title, [bin, ...s.args])]))
    // Once uncounted, so that files are in the page cache and the loader's own cache is written.
    for (const s of starts) await spawned([bin, ...s.args], shop)
    await inRounds(rounds, { ...all, node: contender('node', ['-e', '']) })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  const row = (title: string, ceiling?: number): string[] => {
    const { wall, cpu } = figures.get(title) as Figures
    return [
      title,
      duration(median(wall)),
      duration(least(wall)),
      duration(median(cpu)),
      ...(ceiling === undefined ? ['', ''] : [duration(ceiling), median(wall) <= ceiling ? 'held' : 'MISSED']),
    ]
  }
  return {
    title: 'Cold start of the command line',
    columns: ['command', 'median', 'least', 'processor, median', 'ceiling', ''],
    rows: [...starts.map((s) => row(s.title, s.ceiling)), row('node')],
    notes: [
      `Node ${process.versions.node}; ${rounds} starts each, taken in turns; from spawn to exit.`,
      'compile: a project of "viewcast init" on the embedded engine, which is started, asked and closed.',
      'node: node -e "", what no program in Node is below.',
    ],
  }
}

/** From spawn to exit, in milliseconds, and the time on processors of the program and its threads. */
function spawned(args: readonly string[], cwd: string): Promise<{ wall: number; cpu: number }> {
  const report = `process.on('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeSync(3, String(user + system)) })`
  const options = `--import=data:text/javascript,${encodeURIComponent(`import { createRequire } from 'node:module'; const require = createRequire('/'); ${report}`)}`
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(process.execPath, [options, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
    let said = ''
    let used = ''
    child.stderr?.on('data', (chunk) => {
      said += String(chunk)
    })
    child.stdio[3]?.on('data', (chunk) => {
      used += String(chunk)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const wall = performance.now() - start
      if (code === 0) resolve({ wall, cpu: Number(used) / 1000 })
      else reject(new Error(`viewcast ended with ${code}: ${said}`))
    })
  })
}
