// A second process for the lock tests: opens the embedded database given, says so, and does as it is told.
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createServer, createServerModuleRunner } from 'vite'

const conditions = ['@viewcast/source', 'node']
// Started with --conditions, so that this is the source.
const source = fileURLToPath(import.meta.resolve('@viewcast/sdk'))
// Left open, as it loads what the SDK imports later; nothing of it keeps the process alive.
const server = await createServer({
  configFile: false,
  logLevel: 'silent',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
})
const module = await createServerModuleRunner(server.environments.ssr, { hmr: false }).import(source)
const [directory, orders] = process.argv.slice(2)
try {
  const db = await module.connect(directory)
  process.stdout.write('open\n')
  if (orders === 'close at once') {
    await db.close()
    process.stdout.write('closed\n')
    process.exit(0)
  }
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'close') await db.close()
    else await db.execute(line)
    process.stdout.write('done\n')
  }
} catch (e) {
  process.stdout.write(`${e.message}\n`)
}
