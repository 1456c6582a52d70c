/** Training: our logistic solver against scikit-learn's on the same matrix, in time and in coefficients. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { arrayDesign, fitLogistic } from '@viewcast/sdk'
import { type Answer, type Peer, startPeer } from './peer.ts'
import { duration, inRounds, least, median } from './timing.ts'
import { endToEnd } from './train-end-to-end.ts'

const rows = Number(process.env['BENCH_ROWS'] ?? 200_000)
const columns = 20
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 15)
const timeCeiling = 1
const differenceCeiling = 1e-6

interface Matrix {
  readonly title: string
  readonly x: Float64Array
  readonly y: Float64Array
}

/** Numbers in (0, 1) that are the same everywhere: Marsaglia's xorshift32. */
function uniform(seed: number): () => number {
  let s = seed
  return () => {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    return ((s >>> 0) + 0.5) / 2 ** 32
  }
}

/** Standard normal columns, each correlated by `correlation` with the one before it. */
function matrix(title: string, correlation: number, seed: number): Matrix {
  const random = uniform(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
  const own = Math.sqrt(1 - correlation ** 2)
  const x = new Float64Array(rows * columns)
  const y = new Float64Array(rows)
  for (let r = 0, at = 0; r < rows; r++) {
    let predictor = -0.5
    for (let j = 0; j < columns; j++, at++) {
      x[at] = own * normal() + (j > 0 ? correlation * (x[at - 1] as number) : 0)
      predictor += 0.4 * Math.cos(j) * (x[at] as number)
    }
    y[r] = random() < 1 / (1 + Math.exp(-predictor)) ? 1 : 0
  }
  return { title, x, y }
}

/** scikit-learn holding the matrix, with one thread; undefined when it is not installed. */
async function peerOn({ x, y }: Matrix): Promise<Peer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'viewcast-bench-'))
  const path = join(folder, 'matrix.bin')
  const bytes = (a: Float64Array): Buffer => Buffer.from(a.buffer, a.byteOffset, a.byteLength)
  writeFileSync(path, Buffer.concat([bytes(x), bytes(y)]))
  const peer = await startPeer('train-peer.py', [path, String(rows), String(columns)], ['sklearn'])
  const remove = (): void => rmSync(folder, { recursive: true })
  if (peer === undefined) remove()
  const close = (): void => {
    peer?.close()
    remove()
  }
  return peer && { ...peer, close }
}

interface Times {
  readonly wall: number[]
  readonly cpu: number[]
}
const none = (): Times => ({ wall: [], cpu: [] })

const names = Array.from({ length: columns }, (_, j) => `x${j + 1}`)

async function fitOurs({ x, y }: Matrix, penalty: number, into?: Times): Promise<Answer> {
  const design = arrayDesign(names, x, y)
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const fit = await fitLogistic(design, { penalty })
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(cpuBefore)
  const cpu = (user + system) / 1000
  into?.wall.push(wall)
  into?.cpu.push(cpu)
  return { wall, cpu, iterations: fit.iterations, theta: [fit.intercept, ...fit.coefficients] }
}

async function fitPeer(peer: Peer, options: Readonly<Record<string, unknown>>, into?: Times): Promise<Answer> {
  const answer = await peer.ask(options)
  into?.wall.push(answer.wall)
  into?.cpu.push(answer.cpu)
  return answer
}

const worstRelative = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((v, i) => Math.abs(v / (b[i] as number) - 1)))

export default async function run(): Promise<{ title: string; columns: string[]; rows: string[][]; notes: string[] }> {
  const table: string[][] = []
  let version: string | undefined
  for (const m of [matrix('independent columns', 0, 1), matrix('neighbours correlated 0.9', 0.9, 2)]) {
    process.stderr.write(`${m.title}: ${rows} rows × ${columns}…\n`)
    const peer = await peerOn(m)
    try {
      version = peer?.version
      table.push(...(await compare(m, peer)))
    } finally {
      peer?.close()
    }
  }
  table.push(...(await endToEnd(rows, Math.ceil(rounds / 3))))
  return {
    title: 'Training: viewcast against scikit-learn, on the same matrix and on the same table',
    columns: ['matrix', 'peer', 'measure', 'viewcast', 'scikit-learn', 'ratio', 'ratio of minima', 'ceiling'],
    rows: table,
    notes: [
      version === undefined
        ? 'scikit-learn: peer not installed, so nothing is compared.'
        : `scikit-learn ${version}, one thread, its default tolerance for the times.`,
      `${rows} rows × ${columns} float64 in memory on both sides, reading excluded; ${rounds} rounds taken in turns, medians.`,
      'cpu: processor time of the whole process meanwhile, which for Node includes its compiler and collector threads.',
      'Penalty 1 (scikit-learn C = 1), but "no penalty", where viewcast computes standard errors too and the peer does not.',
      'From PostgreSQL: all of trainModel, metrics and standard errors included, against binary COPY into numpy and fit();',
      'cpu is that of the two programs, without the server, which writes the rows for both.',
      'coefficients: largest relative difference, the peer at tol = 1e-12. lbfgs stops by another rule of its own whatever',
      'tol is, so what it shows is its own distance from the solution; the ceiling is on a solver that reaches it.',
      `Ceilings: time ratio ${timeCeiling}, largest relative difference of a coefficient ${differenceCeiling}.`,
    ],
  }
}

const lbfgs = { solver: 'lbfgs', max_iter: 10_000 }
const newton = { solver: 'newton-cholesky', max_iter: 10_000 }
const free = { solver: 'lbfgs', max_iter: 10_000, penalty: null }

async function compare(m: Matrix, peer: Peer | undefined): Promise<string[][]> {
  const times = { ours: none(), unpenalised: none(), lbfgs: none(), newton: none(), free: none() }
  const ours = await fitOurs(m, 1)
  await fitOurs(m, 0)
  if (peer === undefined) {
    for (let i = 0; i < rounds; i++) await fitOurs(m, 1, times.ours)
    return [[m.title, 'peer not installed', 'wall', duration(median(times.ours.wall))]]
  }
  // newton-cholesky came with scikit-learn 1.2.
  const hasNewton = (await fitPeer(peer, newton)).error === undefined
  const exact = hasNewton ? newton : { ...newton, solver: 'newton-cg' }
  const turn = (fit: () => Promise<Answer>) => async (): Promise<void> => {
    await fit()
  }
  const contenders: Record<string, () => Promise<void>> = {
    ours: turn(() => fitOurs(m, 1, times.ours)),
    unpenalised: turn(() => fitOurs(m, 0, times.unpenalised)),
    lbfgs: turn(() => fitPeer(peer, lbfgs, times.lbfgs)),
    free: turn(() => fitPeer(peer, free, times.free)),
  }
  if (hasNewton) contenders['newton'] = turn(() => fitPeer(peer, newton, times.newton))
  await inRounds(rounds, contenders)
  const difference = async (name: string, options: Readonly<Record<string, unknown>>): Promise<string[]> => {
    const { theta } = await fitPeer(peer, { ...options, tol: 1e-12 })
    const worst = worstRelative(ours.theta, theta)
    const verdict = options === exact ? (worst <= differenceCeiling ? 'held' : 'MISSED') : ''
    return [m.title, name, 'coefficients', '', '', worst.toExponential(1), '', verdict]
  }
  const byTime = (name: string, mine: Times, theirs: Times): string[][] =>
    (['wall', 'cpu'] as const).map((measure) => {
      const ratio = median(mine[measure]) / median(theirs[measure])
      return [
        m.title,
        name,
        measure,
        duration(median(mine[measure])),
        duration(median(theirs[measure])),
        ratio.toFixed(2),
        (least(mine[measure]) / least(theirs[measure])).toFixed(2),
        measure === 'wall' ? (ratio <= timeCeiling ? 'held' : 'MISSED') : '',
      ]
    })
  return [
    ...byTime('lbfgs (default)', times.ours, times.lbfgs),
    await difference('lbfgs (default)', lbfgs),
    ...(hasNewton ? byTime('newton-cholesky', times.ours, times.newton) : []),
    await difference(exact.solver, exact),
    ...byTime('lbfgs, no penalty', times.unpenalised, times.free),
  ]
}
