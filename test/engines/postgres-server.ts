/**
 * Vitest's global set-up: when ENGINES asks for `postgres`, gives the tests a native server, started here unless
 * VIEWCAST_TEST_POSTGRES names one. Asking for a server that cannot be had fails the run; nothing is skipped.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { engineNames } from './engine-names.ts'
import { findBinaries } from './postgres-binaries.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a superuser on the native server; empty when the run does not ask for one. */
    postgres: string
  }
}

const password = 'only for tests'

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!engineNames().includes('postgres')) {
    project.provide('postgres', '')
    return undefined
  }
  const given = process.env['VIEWCAST_TEST_POSTGRES']
  if (given) {
    project.provide('postgres', given)
    return undefined
  }
  const server = await startServer()
  project.provide('postgres', server.url)
  return server.stop
}

/** A server of one's own on a temporary directory, without durability. `more` are settings such as `shared_buffers=1GB`. */
export async function startServer(more: readonly string[] = []): Promise<{ url: string; stop: () => Promise<void> }> {
  const binaries = findBinaries()
  if (binaries === undefined) {
    throw new Error('A server of PostgreSQL is needed, and none was found: install Debian’s postgresql package')
  }
  const root = await mkdtemp(join(tmpdir(), 'viewcast-postgres-'))
  const account = serverAccount()
  const data = join(root, 'data')
  const passwordFile = join(root, 'password')
  await writeFile(passwordFile, password)
  if (account) {
    await chmod(root, 0o755)
    for (const path of [root, passwordFile]) await chown(path, account.uid, account.gid)
  }
  const init = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8']
  execFileSync(join(binaries, 'initdb'), [...init, '--locale=C', '--no-sync'], { ...ownerOf(root), stdio: 'pipe' })
  try {
    const { port, end } = await launch(root, data, [...settingsOfTests, ...more])
    const stop = async () => {
      await end()
      await rm(root, { recursive: true, force: true })
    }
    return { url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`, stop }
  } catch (e) {
    await rm(root, { recursive: true, force: true })
    throw e
  }
}

/** A standby has to have the same. */
export const settingsOfTests = ['listen_addresses=127.0.0.1', 'fsync=off', 'full_page_writes=off', 'max_connections=50']

/** Starts a server on its data. */
export async function launch(root: string, data: string, settings: readonly string[]) {
  const port = await freePort()
  const server = spawn(
    join(findBinaries() ?? '', 'postgres'),
    ['-D', data, '-p', String(port), '-k', root, ...settings.flatMap((s) => ['-c', s])],
    { ...ownerOf(root), stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  server.stderr?.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-10_000)
  })
  // SIGINT is a fast shutdown: sessions are ended, nothing is waited for.
  const end = () => ended(server, () => server.kill('SIGINT'))
  try {
    await answers(`postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`, server)
  } catch {
    await end()
    throw new Error(`The server for the tests did not start:\n${said}`)
  }
  return { port, end }
}

/** As whom, and with which surroundings, a program of the server is run. */
export const ownerOf = (root: string) => ({
  ...serverAccount(),
  cwd: root,
  env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
})

/** The server refuses to run as root. */
export function serverAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (what: string, name: string) => Number(execFileSync('id', [what, name], { stdio: 'pipe' }).toString())
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: id('-u', name), gid: id('-g', name) }
    } catch {}
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody"')
}

export async function answers(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client(url)
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (e) {
      if (attempt > 300 || server.exitCode !== null) throw e
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

export function ended(server: ChildProcess, end: () => void): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    end()
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
