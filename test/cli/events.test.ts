/** OpenLineage from the command line: what commands tell by themselves, and what an operator does about the rest. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answers, hangs, type LineageServer, lineageServer } from '../openlineage/lineage-server.ts'
import { problemsOfEvent } from '../openlineage/problems-of-event.ts'
import { build, scratch, start, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
let server: LineageServer
let plain = ''
const configure = (openLineage: string): void =>
  writeFileSync(join(shop, 'viewcast.config.ts'), plain.replace('defineConfig({', `defineConfig({\n  ${openLineage}`))
beforeAll(async () => {
  await build()
  server = await lineageServer()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  plain = readFileSync(join(shop, 'viewcast.config.ts'), 'utf8')
})
afterAll(async () => {
  await server.close()
  rmSync(root, { recursive: true, force: true })
})
const json = async (...args: string[]) => {
  const { code, out, err } = await viewcast(shop, ...args, '--json')
  return { code, data: JSON.parse(out || 'null'), err }
}
const types = () => server.taken.map((r) => r.event.eventType)

it('tells nobody, and says so, until it is configured', async () => {
  expect((await viewcast(shop, 'train', 'reorder')).code).toBe(0)
  expect((await json('events', 'status')).data).toMatchObject({ isWritten: false, waiting: 0, sent: 0 })
  const refused = await json('events', 'send')
  expect(refused.code).toBe(1)
  expect(refused.data.error.diagnostics[0].code).toBe('events/no-target')
  configure(`openLineage: { url: { env: 'VIEWCAST_TEST_NO_SUCH_VARIABLE' } },`)
  expect((await json('events', 'send')).data.error.diagnostics[0].message).toContain('VIEWCAST_TEST_NO_SUCH_VARIABLE')
  configure(`openLineage: { url: 'http://me:s3cret@host' },`)
  const secret = await viewcast(shop, 'events', 'send')
  expect(secret.code).toBe(1)
  expect(secret.err).toContain('openLineage.url')
  expect(secret.err).not.toContain('s3cret')
})

it('tells of a training and of a prediction by itself', async () => {
  configure(`openLineage: { url: '${server.url}', namespace: 'prod' },`)
  const trained = await json('train', 'reorder')
  expect(trained.code, trained.err).toBe(0)
  // A run has one event that is due at a time.
  if (types().length < 2) await viewcast(shop, 'events', 'send')
  expect(types()).toEqual(['START', 'COMPLETE'])
  const end = server.taken[1]?.event
  expect(end?.job).toMatchObject({ namespace: 'prod', name: 'reorder.train' })
  expect(end?.run.runId).toBe(trained.data.run)
  expect(end?.outputs.map((o) => o.name)).toContain('model.reorder')
  for (const r of server.received) expect(problemsOfEvent(r.event)).toEqual([])
})

it('neither fails nor says a word when the target is down, and sends later', async () => {
  server.taken.length = 0
  for (const manner of [answers(500), hangs]) {
    server.manner = manner
    const predicted = await viewcast(shop, 'predict', 'reorder', '--limit', '1', '--json')
    expect(predicted.code, predicted.err).toBe(0)
    expect(predicted.err).not.toMatch(/error|500/)
  }
  const status = (await json('events', 'status')).data
  expect(status).toMatchObject({ isWritten: true, waiting: 4, setAside: 0 })
  server.manner = answers(500)
  await viewcast(shop, 'events', 'retry')
  const down = await json('events', 'send')
  expect(down.code).toBe(1)
  expect(down.data).toMatchObject({ sent: 0, stopped: 'HTTP 500' })
  expect((await json('events', 'status')).data.reasons[0]).toMatchObject({ reason: 'HTTP 500', isSetAside: false })
  server.manner = answers(201)
  await viewcast(shop, 'events', 'retry')
  expect(await json('events', 'send')).toMatchObject({
    code: 0,
    data: { sent: 4, failed: 0, target: `${server.url}/api/v1/lineage` },
  })
  const idsOf = new Set(server.taken.map((r) => r.event.run.runId))
  for (const id of idsOf)
    expect(server.taken.filter((r) => r.event.run.runId === id).map((r) => r.event.eventType)).toEqual([
      'START',
      'COMPLETE',
    ])
  expect((await json('events', 'purge', '--days', '0')).data.deleted).toBe(6)
})

it('sends again what was on its way when the sender was killed', async () => {
  configure(`openLineage: { file: 'lineage.ndjson' },`)
  server.taken.length = 0
  server.received.length = 0
  // Written and sent to the file: what goes to the service here is written anew.
  expect((await viewcast(shop, 'predict', 'reorder', '--limit', '1')).code).toBe(0)
  await viewcast(shop, 'events', 'send')
  const lines = readFileSync(join(shop, 'lineage.ndjson'), 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).eventType)).toEqual(['START', 'COMPLETE'])
  const db = await connect(join(shop, '.viewcast/data'))
  await db.query('UPDATE viewcast.outbox SET sent_at = NULL')
  await db.close()
  server.manner = hangs
  const sending = start(shop, 'events', 'send', '--url', server.url)
  while (server.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  sending.process.kill('SIGKILL')
  await sending.finished
  server.manner = answers(201)
  const early = await json('events', 'send', '--url', server.url)
  expect(early.data).toMatchObject({ sent: 0 })
  const again = await connect(join(shop, '.viewcast/data'))
  await again.query(`UPDATE viewcast.outbox SET claimed_until = claimed_until - interval '5 min'`)
  await again.close()
  expect((await json('events', 'send', '--url', server.url)).data).toMatchObject({ sent: 2 })
  expect(server.received.map((r) => r.event.eventType)).toEqual(['START', 'START', 'COMPLETE'])
  expect(types()).toEqual(['START', 'COMPLETE'])
})

it('watches until it is interrupted', async () => {
  const db = await connect(join(shop, '.viewcast/data'))
  await db.query('UPDATE viewcast.outbox SET sent_at = NULL')
  await db.close()
  const watching = start(shop, 'events', 'send', '--watch', '--url', server.url)
  await watching.said('2 sent to')
  watching.process.kill('SIGINT')
  const { code, out } = await watching.finished
  expect(code).toBe(0)
  expect(out).toMatch(/^sent +2$/m)
})
