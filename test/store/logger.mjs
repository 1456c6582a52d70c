// A process that logs as it is told: one order per line, one answer per line. It loads the built package.
import { createInterface } from 'node:readline'
import * as sdk from '@viewcast/sdk'

const db = await sdk.connect(process.argv[2])
const store = { db, project: 'shop', actor: 'logger' }
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const points = ({ name, from, count }) =>
  Array.from({ length: count }, (_, i) => ({ name, value: i, step: from + i, at: 0 }))

const orders = {
  batch: ({ run, batch }) => sdk.logBatch(store, run, batch),
  points: ({ run, ...what }) => sdk.logBatch(store, run, { metrics: points(what) }),
  // Says so when the batch is written and not yet committed, and stays there.
  hold: ({ run, ...what }) =>
    sdk.atomically(store, async (inside) => {
      answer(await sdk.logBatch(inside, run, { metrics: points(what) }))
      await new Promise(() => undefined)
    }),
  start: (options) => sdk.startRun(store, { capture: false, ...options }),
  lost: () => sdk.markLostRuns(store),
  migrate: () => sdk.migrateStore(db),
}
answer('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const { order, ...options } = JSON.parse(line)
  try {
    answer(await orders[order](options))
  } catch (e) {
    answer(e.diagnostics ? e.diagnostics.map((d) => d.code).join() : `${e.name}: ${e.message}`)
  }
}
