// npm run demo: installs and builds what is missing, then runs the example with the arguments given.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ensureBuilt } from './build.mjs'
import { root } from './fingerprint.mjs'
import { ensureInstalled } from './install.mjs'
import { main, run } from './run.mjs'

await main(async () => {
  await ensureInstalled()
  await ensureBuilt()
  // Node 20 does not strip types: jiti, which the command line brings, runs the example as it is written.
  const cli = createRequire(join(root, 'packages/cli/package.json'))
  const jiti = join(cli.resolve('jiti/package.json'), '../lib/jiti-cli.mjs')
  const demo = join(root, 'examples/flight-delays/demo.ts')
  return run(process.execPath, [jiti, demo, ...process.argv.slice(2)])
})
