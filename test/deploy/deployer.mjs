// A process that deploys as it is told: one order per line, one answer per line. It loads the built package.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as sdk from '@viewcast/sdk'

const db = await sdk.connect(process.argv[2])
const store = await sdk.openStore(db, { project: 'shop', actor: 'deployer' })
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const forever = () => new Promise(() => undefined)

/** TypeScript, read as the command line reads the projects of its users. */
function declared() {
  const { createJiti } = createRequire(import.meta.resolve('viewcast/package.json'))('jiti')
  return createJiti(import.meta.url).import(fileURLToPath(new URL('../scenarios/shop.ts', import.meta.url)))
}

const orders = {
  async plan({ file, name, outputs }) {
    const { model, p } = await declared()
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
