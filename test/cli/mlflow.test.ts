/** The store served to clients of MLflow by a process, and runs sent by one. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect, openStore, serveMlflow } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, scratch, start, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('serve mlflow', () => {
  it('says where it is, answers, and ends when interrupted', async () => {
    const running = start(shop, 'serve', 'mlflow', '--port', '0', '--json')
    const stdout = running.process.stdout
    if (!stdout) throw new Error('no stdout')
    let text = ''
    while (!text.trimEnd().endsWith('}')) text += String((await once(stdout, 'data'))[0])
    const { url, host } = JSON.parse(text)
    expect(host).toBe('127.0.0.1')
    const response = await fetch(`${url}/api/2.0/mlflow/runs/create`, {
      method: 'POST',
      body: JSON.stringify({ experiment_id: '0', run_name: 'from outside' }),
    })
    expect(response.status).toBe(200)
    running.process.kill('SIGINT')
    const { code, err } = await running.finished
    expect(code, err).toBe(0)
    const db = await connect(join(shop, '.viewcast/data'))
    expect(await db.rows('SELECT name, experiment, state FROM viewcast.runs')).toEqual([
      { name: 'from outside', experiment: 'Default', state: 'running' },
    ])
    await db.close()
  })

  it('refuses a host that others reach without a token', async () => {
    const { code, err } = await viewcast(shop, 'serve', 'mlflow', '--host', '0.0.0.0', '--port', '0')
    expect(code).toBe(1)
    expect(err).toContain('serve/token')
    expect(err).toContain('VIEWCAST_MLFLOW_TOKEN')
  })
})

describe('runs export', () => {
  it('sends what is new, and tells a server that is not there', async () => {
    const server = await serveMlflow(await openStore(await connect('memory:'), { project: 'team' }), { port: 0 })
    const first = await viewcast(shop, 'runs', 'export', '--mlflow', server.url)
    expect(first.code, first.err).toBe(0)
    expect(first.out).toContain('1 new, 0 updated, 0 as they were')
    const second = await viewcast(shop, 'runs', 'export', '--mlflow', server.url, '--json')
    expect(JSON.parse(second.out)).toMatchObject({ created: 0, unchanged: 1, server: server.url })
    await server.close()
    const none = await viewcast(shop, 'runs', 'export', '--mlflow', 'ftp://mlflow.example')
    expect(none.code).toBe(1)
    expect(none.err).toContain('export/remote')
  })
})
