/** Several processes at the registry at once, and processes that are killed there. On a server: one process owns an embedded directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  aliasesOf,
  aliasHistory,
  listModelVersions,
  openStore,
  promoteModel,
  registerModel,
  type Store,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { build } from '../engines/build.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { engineNames } from '../engines/engine-names.ts'

/** A process with an open store as `store`; the program says what it does. */
function start(
  url: string,
  program: string,
): { process: ChildProcess; said: (text: string) => Promise<void>; code: Promise<number> } {
  const head = `
    import { aliasesOf, atomically, connect, openStore, promoteModel, registerModel } from '@viewcast/sdk'
    const db = await connect(${JSON.stringify(url)})
    const store = await openStore(db, { project: 'race', actor: 'process ' + process.pid })
    const record = JSON.parse(${JSON.stringify(JSON.stringify(linearRecord('m', ['age'])))})
    const forever = () => new Promise(() => setInterval(() => {}, 1000))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', `${head}\n${program}\nawait db.close()`], {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const said = async (text: string): Promise<void> => {
    while (!out.includes(text)) await once(child.stdout, 'data')
  }
  return { process: child, said, code: once(child, 'exit').then(([code]) => code as number) }
}

describeEachEngine('several at the registry', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'race', actor: 'test' })
  })

  test('get versions without gaps, and one for what is equal', async () => {
    const register = (threshold: number) => registerModel(store, { ...linearRecord('calls', ['age']), threshold })
    const versions = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => register(Math.ceil(n / 2))))
    expect(new Set(versions.map((v) => v.version))).toEqual(new Set([1, 2, 3, 4]))
    expect(versions.filter((v) => v.isNew)).toHaveLength(4)
  })

  test('promote one after the other: the history has all, and its last is what holds', async () => {
    const numbers = [1, 2, 3, 4]
    await Promise.all(numbers.map((n) => promoteModel(store, 'calls', 'production', n)))
    const history = await aliasHistory(store, 'calls')
    expect(new Set(history.map((h) => h.version))).toEqual(new Set(numbers))
    expect(await aliasesOf(store, 'calls')).toEqual({ production: history[0]?.version })
    for (const [i, h] of history.slice(1).entries()) expect(h.to).toBe(history[i]?.from)
    expect(history.filter((h) => h.to === null)).toHaveLength(1)
  })
})

describe.runIf(engineNames().includes('postgres'))('processes at the registry', () => {
  beforeAll(() => build(), 120_000)

  describeEachEngine('of a server', (engine) => {
    const onServer = test.runIf(engine.name === 'postgres')
    let store: Store
    beforeAll(async () => {
      store = await openStore(engine.db, { project: 'race', actor: 'test' })
    })
    const versions = async () => (await listModelVersions(store, 'm')).map((v) => v.version).reverse()

    onServer('eight register at once: 40 versions, 1 to 40, each with the number in its record', async () => {
      const to = engine.url ?? ''
      const program = (n: number) => `
        for (let i = 0; i < 5; i++) await registerModel(store, { ...record, threshold: ${n} + i / 10 })
        // What all of them say is one version.
        await registerModel(store, { ...record, threshold: 100 })`
      const all = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => start(to, program(n)))
      expect(await Promise.all(all.map((p) => p.code))).toEqual(Array.from({ length: 8 }, () => 0))
      expect(await versions()).toEqual(Array.from({ length: 41 }, (_, i) => i + 1))
      const rows = await store.db.rows<{ n: string }>(
        `SELECT count(*) AS n FROM viewcast.model_version v JOIN viewcast.artifact a ON a.id = v.artifact_id
         WHERE (v.record::jsonb ->> 'version')::int <> a.version`,
      )
      expect(rows).toEqual([{ n: '0' }])
    })

    onServer('eight promote on the condition that nobody did: one does', async () => {
      const to = engine.url ?? ''
      const program = (n: number) => `
        await promoteModel(store, 'm', 'champion', ${n}, { expected: null }).then(() => process.exitCode = 7, (e) => {
          process.exitCode = e.diagnostics[0].code === 'model/alias-moved' ? 0 : 1
        })`
      const codes = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => start(to, program(n)).code))
      expect(codes.sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 7])
      expect(await aliasHistory(store, 'm', { alias: 'champion' })).toHaveLength(1)
    })

    onServer('one that is killed in the middle leaves nothing: no number, no half of a version', async () => {
      const to = engine.url ?? ''
      const before = await versions()
      const killed = start(
        to,
        `await atomically(store, async (inside) => {
           const { version } = await registerModel(inside, { ...record, threshold: 200 })
           await promoteModel(inside, 'm', 'production', version)
           console.log('registered')
           await forever()
         })`,
      )
      await killed.said('registered')
      // Another one waits for the model meanwhile, and gets the number that the killed one had.
      const waiting = registerModel(store, { ...linearRecord('m', ['age']), threshold: 300 })
      killed.process.kill('SIGKILL')
      expect(await waiting).toMatchObject({ version: before.length + 1, isNew: true })
      expect(await versions()).toEqual([...before, before.length + 1])
      expect(await aliasesOf(store, 'm')).not.toHaveProperty('production')
    })
  })
})
