/** `viewcast serve predict` as a process: says where it is, answers, logs, and ends after what is under way. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
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

it('refuses what cannot be served', async () => {
  const none = await viewcast(shop, 'serve', 'predict', '--port', '0')
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('serve/nothing')])
  const open = await viewcast(shop, 'serve', 'predict', 'reorder', '--host', '0.0.0.0', '--port', '0')
  expect(open.code).toBe(1)
  const unset = await viewcast(shop, 'serve', 'predict', '--token-env', 'NOT_SET', '--port', '0')
  expect([unset.code, unset.err]).toEqual([2, expect.stringContaining('NOT_SET')])
  const idle = await viewcast(shop, 'serve', 'predict', '--inputs', 'all', '--port', '0')
  expect([idle.code, idle.err]).toEqual([2, expect.stringContaining('--keep')])
})

it('answers from a trained model, writes a log without what was asked, and ends when terminated', async () => {
  const trained = await viewcast(shop, 'train', 'reorder')
  expect(trained.code, trained.err).toBe(0)
  const running = start(shop, 'serve', 'predict', '--port', '0', '--json', '--log', '--keep')
  const { stdout } = running.process
  if (!stdout) throw new Error('no stdout')
  let text = ''
  while (!text.trimEnd().endsWith('}')) text += String((await once(stdout, 'data'))[0])
  const { models, host } = JSON.parse(text)
  expect(host).toBe('127.0.0.1')
  expect(models).toEqual([
    { name: 'reorder', follows: 'latest', url: expect.stringMatching(/\/v1\/models\/reorder\/predict$/) },
  ])
  const response = await fetch(`${models[0].url}?customer_id=4711`)
  const body = (await response.json()) as { model: string; prediction: { key: object; outputs: object } }
  expect(response.status, JSON.stringify(body)).toBe(200)
  expect(body).toMatchObject({ model: 'reorder', version: 1, prediction: { key: { customer_id: expect.anything() } } })
  running.process.kill('SIGTERM')
  const { code, err } = await running.finished
  expect(code, err).toBe(0)
  const entry = err.split('\n').find((line) => line.startsWith('{'))
  expect(JSON.parse(entry ?? '')).toMatchObject({
    method: 'GET',
    route: '/v1/models/{name}/predict',
    status: 200,
    rows: 1,
  })
  expect(err).not.toContain('4711')
  const db = await connect(join(shop, '.viewcast/data'))
  expect(await db.rows('SELECT model, key FROM viewcast.predictions')).toEqual([
    { model: 'reorder', key: { customer_id: '4711' } },
  ])
  await db.close()
  const open = await viewcast(shop, 'serve', 'predict', 'reorder', '--host', '0.0.0.0', '--port', '0')
  expect([open.code, open.err]).toEqual([1, expect.stringContaining('VIEWCAST_SERVE_TOKEN')])
})
