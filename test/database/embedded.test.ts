import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { connect, type Database } from '@viewcast/sdk'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { build, plainEnvironment } from '../engines/build.ts'

let root = ''
let directory = ''
const children: ChildProcessByStdio<Writable, Readable, null>[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'viewcast-embedded-'))
  directory = join(root, 'shop')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(root, { recursive: true, force: true, maxRetries: 5 })
})

const holderScript = fileURLToPath(new URL('holder.mjs', import.meta.url))

/** Another process that opens `target`; `say` sends it a statement (or `close`) and waits for its answer. */
async function holder(target: string, env: NodeJS.ProcessEnv = {}, orders = '') {
  await build()
  const child = spawn(process.execPath, [holderScript, target, orders], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...plainEnvironment(), ...env },
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const listen = async () => String((await lines.next()).value)
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code))
  })
  return {
    child,
    ended,
    listen,
    say: async (line: string) => {
      child.stdin.write(`${line}\n`)
      return listen()
    },
  }
}

const count = async (db: Database) => (await db.rows<{ n: number }>('SELECT count(*)::int AS n FROM t'))[0]?.n

describe('one process at a time', () => {
  test('a second process is told who has the database, and gets it afterwards', async () => {
    const other = await holder(directory)
    expect(await other.listen()).toBe('open')
    await other.say('CREATE TABLE t (a int)')
    await other.say('INSERT INTO t VALUES (1)')
    await expect(connect(directory)).rejects.toThrow(`in use by process ${other.child.pid}`)
    await expect(connect(directory)).rejects.toThrow('engine/locked')
    await other.say('close')
    const db = await connect(directory)
    expect(await count(db)).toBe(1)
    await db.close()
    expect(existsSync(`${directory}.lock`)).toBe(false)
  })

  test('the same process does not get it twice, not even by another name', async () => {
    const db = await connect(directory)
    await symlink(directory, join(root, 'alias'))
    for (const name of [directory, `${directory}/`, join(root, 'alias')]) {
      await expect(connect(name)).rejects.toThrow(`in use by process ${process.pid}`)
    }
    await db.close()
    const again = await connect(join(root, 'alias'))
    await again.close()
  })

  test('what a killed process had acknowledged is there, and its lock is taken over', async () => {
    const other = await holder(directory)
    expect(await other.listen()).toBe('open')
    await other.say('CREATE TABLE t (a int PRIMARY KEY)')
    await other.say('INSERT INTO t SELECT generate_series(1, 1000)')
    other.child.stdin.write('INSERT INTO t SELECT generate_series(1001, 10000000)\n')
    await new Promise((resolve) => setTimeout(resolve, 300))
    other.child.kill('SIGKILL')
    await other.ended
    expect(existsSync(`${directory}.lock`)).toBe(true)
    const db = await connect(directory)
    expect(await count(db)).toBe(1000)
    expect(await db.rows('SELECT a FROM t WHERE a = 1000')).toEqual([{ a: 1000 }])
    await db.close()
  })

  test('one of many takes a dead lock over, and the others are refused', async () => {
    await (await connect(directory)).close()
    const dead = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => dead.once('exit', resolve))
    await writeFile(`${directory}.lock`, await lockText({ pid: dead.pid ?? 0 }))
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => connect(directory)))
    const won = tries.flatMap((t) => (t.status === 'fulfilled' ? [t.value] : []))
    expect(won).toHaveLength(1)
    for (const t of tries) if (t.status === 'rejected') expect(String(t.reason)).toContain('engine/locked')
    await won[0]?.close()
    expect(await readdir(root)).toEqual(['shop'])
  })

  test('a pid that was given out again is not taken for the holder', async () => {
    await (await connect(directory)).close()
    await writeFile(`${directory}.lock`, await lockText({ started: 'long ago' }))
    const db = await connect(directory)
    await db.close()
  })

  test('a holder on another machine cannot be asked, so its lock stands', async () => {
    await writeFile(`${directory}.lock`, await lockText({ host: 'elsewhere' }))
    const error = await connect(directory).catch((e) => e)
    expect(error.diagnostics[0]).toMatchObject({
      code: 'engine/locked',
      hint: expect.stringContaining(`remove ${directory}.lock`),
    })
    expect(String(error)).toContain('elsewhere')
  })

  /** The lock this process would write, with changes. */
  async function lockText(changes: object): Promise<string> {
    const db = await connect(join(root, 'sample'))
    const own = JSON.parse(await readFile(join(root, 'sample.lock'), 'utf8'))
    await db.close()
    await rm(join(root, 'sample'), { recursive: true })
    expect(own).toMatchObject({ pid: process.pid, host: expect.stringContaining(hostname()) })
    return JSON.stringify({ ...own, ...changes })
  }
})

describe('the end of the process', () => {
  test('by itself, with the database left open, gives everything back', async () => {
    const other = await holder(directory)
    expect(await other.listen()).toBe('open')
    other.child.stdin.end()
    expect(await other.ended).toBe(0)
    expect(await readdir(root)).toEqual(['shop'])
  })

  test('waits for a database that is being closed', async () => {
    const other = await holder(directory, {}, 'close at once')
    expect(await other.listen()).toBe('open')
    expect(await other.listen()).toBe('closed')
    expect(await other.ended).toBe(0)
  })

  test('by Ctrl-C gives everything back and is still an end by Ctrl-C', async () => {
    const temporary = join(root, 'tmp')
    await mkdir(temporary)
    const other = await holder('memory:', { TMPDIR: temporary })
    const second = await holder(directory)
    expect(await other.listen()).toBe('open')
    expect(await second.listen()).toBe('open')
    expect((await readdir(temporary)).filter((name) => name.startsWith('viewcast-db-'))).toHaveLength(1)
    for (const one of [other, second]) {
      one.child.kill('SIGINT')
      expect(await one.ended).toBe('SIGINT')
    }
    expect((await readdir(temporary)).filter((name) => name.startsWith('viewcast-db-'))).toEqual([])
    expect(existsSync(`${directory}.lock`)).toBe(false)
  })
})

test('what killed processes left in the temporary directory goes with the next one', async () => {
  vi.stubEnv('TMPDIR', root)
  const other = await holder('memory:')
  expect(await other.listen()).toBe('open')
  const mine = await connect('memory:')
  expect(await readdir(root)).toHaveLength(2)
  other.child.kill('SIGKILL')
  await other.ended
  const next = await connect('memory:')
  expect(await readdir(root)).toHaveLength(2)
  expect(await mine.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  await mine.close()
  await next.close()
  expect(await readdir(root)).toEqual([])
})

describe('beginnings', () => {
  const cache = () => join(root, 'cache')

  test('a missing, a damaged and an unwritable cache all give a database', async () => {
    vi.stubEnv('XDG_CACHE_HOME', cache())
    await (await connect(join(root, 'first'))).close()
    const [file = ''] = await readdir(join(cache(), 'viewcast'))
    expect(file).toMatch(/^pglite-\d+\.\d+\.\d+\.tar\.gz$/)
    const template = join(cache(), 'viewcast', file)
    const whole = await readFile(template)
    for (const damaged of [whole.subarray(0, whole.length / 2), Buffer.alloc(0)]) {
      await writeFile(template, damaged)
      const db = await connect(join(root, `damaged-${damaged.length}`))
      expect(await db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
      await db.close()
      expect((await readFile(template)).length).toBeGreaterThan(1_000_000)
    }
    await writeFile(join(root, 'a-file'), '')
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'a-file'))
    await (await connect(join(root, 'uncached'))).close()
  })

  test('a first start that is killed leaves nothing half-made', async () => {
    for (const wait of [500, 1500, 3000]) {
      const other = await holder(directory, { XDG_CACHE_HOME: cache() })
      await new Promise((resolve) => setTimeout(resolve, wait))
      other.child.kill('SIGKILL')
      await other.ended
      const entries = (await readdir(root)).includes('shop') ? await readdir(directory) : []
      if (entries.length > 0) expect(entries).toContain('PG_VERSION')
    }
    const db = await connect(directory)
    expect(await db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await db.close()
  })

  test('an empty directory is used, nested ones are made', async () => {
    await mkdir(directory)
    await (await connect(directory)).close()
    await (await connect(join(root, 'a', 'b', 'c'))).close()
    expect(existsSync(join(root, 'a', 'b', 'c', 'PG_VERSION'))).toBe(true)
  })

  test('a directory with other files, a file, and a database of another version are refused', async () => {
    await mkdir(directory)
    await writeFile(join(directory, 'notes.txt'), 'mine')
    await expect(connect(directory)).rejects.toThrow('engine/target')
    await expect(connect(join(directory, 'notes.txt'))).rejects.toThrow('it is a file')
    await writeFile(join(directory, 'PG_VERSION'), '16\n')
    await expect(connect(directory)).rejects.toThrow('made by PostgreSQL 16')
    expect(await readdir(directory)).toEqual(['PG_VERSION', 'notes.txt'])
    expect(existsSync(`${directory}.lock`)).toBe(false)
  })

  test('a damaged database is an error, not a hang, and is left as it is', async () => {
    await (await connect(directory)).close()
    await rm(join(directory, 'global', 'pg_control'))
    await expect(connect(directory)).rejects.toThrow('engine/failed')
    expect(existsSync(`${directory}.lock`)).toBe(false)
    expect(existsSync(join(directory, 'base'))).toBe(true)
  })

  test('memory: is a directory that goes with the database', async () => {
    vi.stubEnv('TMPDIR', root)
    const db = await connect('memory:')
    expect(db.description).toBe('temporary embedded database')
    expect(await readdir(root)).toHaveLength(1)
    await db.close()
    await db.close()
    expect(await readdir(root)).toEqual([])
    await expect(db.rows('SELECT 1')).rejects.toThrow('after it was closed')
  })

  test('rows outlive an interruption, the transaction at work does not', async () => {
    const db = await connect(directory)
    await db.execute('CREATE TABLE t (a int); INSERT INTO t VALUES (1)')
    const controller = new AbortController()
    const body = async (tx: Database) => {
      await tx.execute('INSERT INTO t VALUES (2)')
      setTimeout(() => controller.abort(), 200)
      for await (const _ of tx.stream('SELECT count(*) FROM generate_series(1, 1000000000000)', {
        signal: controller.signal,
      }));
    }
    await expect(db.transaction(body)).rejects.toThrow('engine/interrupted')
    expect(await count(db)).toBe(1)
    await expect(connect(directory)).rejects.toThrow('engine/locked')
    await db.close()
  })
})
