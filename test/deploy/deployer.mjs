// A process that deploys as it is told: one order per line, one answer per line. Started with --conditions, so that what it
// loads is the source.
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createServer, createServerModuleRunner } from 'vite'

const conditions = ['@viewcast/source', 'node']
const server = await createServer({
  configFile: false,
  logLevel: 'silent',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
})
const runner = createServerModuleRunner(server.environments.ssr, { hmr: false })
const sdk = await runner.import(fileURLToPath(import.meta.resolve('@viewcast/sdk')))
const { model, p } = await runner.import(fileURLToPath(new URL('../scenarios/shop.ts', import.meta.url)))
const db = await sdk.connect(process.argv[2])
const store = await sdk.openStore(db, { project: 'shop', actor: 'deployer' })
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const forever = () => new Promise(() => undefined)

const orders = {
  async plan({ file, name, outputs }) {
    const { record } = await sdk.loadModel(store, '', model.name)
    const def = p.deployment(name, { model, outputs })
    await sdk.writePlan(file, await sdk.planDeployments(store, [{ def, record, isDeclared: true }]))
    return 'planned'
  },
  async apply({ file, lockTimeout }) {
    const record = async (name, version) => (await sdk.loadModel(store, '', name, version)).record
    const plan = await sdk.readPlan(store, file)
    const { changes } = await sdk.applyPlan(store, plan, { record, allowBreaking: true, lockTimeout })
    return changes.map((c) => c.outcome)
  },
  async run({ file, lockTimeout }) {
    const plan = await sdk.readPlan(store, file)
    const { changes } = await sdk.applyPlanRecorded(store, plan, { models: '', allowBreaking: true, lockTimeout })
    return changes.map((c) => c.outcome)
  },
  // Says so when everything is done and not yet committed, and stays there.
  async hold({ file }) {
    const record = async (name, version) => (await sdk.loadModel(store, '', name, version)).record
    const onDone = () => {
      answer('done')
      return forever()
    }
    await sdk.applyPlan(store, await sdk.readPlan(store, file), { record, allowBreaking: true, onDone })
  },
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
